package audit

import "time"

// Action names what happened. The names are stable: programs filter by them.
type Action string

// The actions. An administrator's act on somebody else carries the same name as the
// user's own; Event.ActorID tells them apart.
const (
	UserCreate     Action = "user.create"
	UserUpdate     Action = "user.update"
	UserRoles      Action = "user.roles"
	UserScopes     Action = "user.scopes"
	UserPassword   Action = "user.password"
	UserDisable    Action = "user.disable"
	UserEnable     Action = "user.enable"
	UserRevoke     Action = "user.revoke"
	UserDelete     Action = "user.delete"
	SessionLogin   Action = "session.login"
	SessionRefresh Action = "session.refresh"
	SessionReuse   Action = "session.reuse"
	SessionLogout  Action = "session.logout"
	SessionEnd     Action = "session.end"
	SessionEndAll  Action = "session.end_all"
	// SessionEndOthers ends all sessions but the actor's own; SessionReauthenticate is a password given again.
	SessionEndOthers      Action = "session.end_others"
	SessionReauthenticate Action = "session.reauthenticate"
	KeyCreate             Action = "key.create"
	KeyRotate             Action = "key.rotate"
	KeyRevoke             Action = "key.revoke"
	KeyExport             Action = "key.export"
	KeyRewrap             Action = "key.rewrap"
	TokenIssue            Action = "token.issue"
	TokenRefused          Action = "token.refused"
	AccessForbidden       Action = "access.forbidden"
)

// The actions on and of clients, and on single tokens. ClientSignIn is a refused one: a good one shows in what it does.
const (
	ClientCreate Action = "client.create"
	ClientSecret Action = "client.secret"
	ClientRevoke Action = "client.revoke"
	ClientSignIn Action = "client.sign_in"
	ClientToken  Action = "client.token"
	TokenRevoke  Action = "token.revoke"
)

// The actions on all of the data.
const (
	DataBackup  Action = "data.backup"
	DataRestore Action = "data.restore"
	DataMove    Action = "data.move"
)

// Actions returns every action.
func Actions() []Action {
	return []Action{
		UserCreate, UserUpdate, UserRoles, UserScopes, UserPassword, UserDisable, UserEnable, UserRevoke, UserDelete,
		SessionLogin, SessionRefresh, SessionReuse, SessionLogout, SessionEnd, SessionEndAll, SessionEndOthers, SessionReauthenticate,
		ClientCreate, ClientSecret, ClientRevoke, ClientSignIn, ClientToken, TokenRevoke,
		KeyCreate, KeyRotate, KeyRevoke, KeyExport, KeyRewrap, TokenIssue, TokenRefused, AccessForbidden,
		DataBackup, DataRestore, DataMove,
	}
}

// Outcome says how it ended.
type Outcome string

const (
	Success Outcome = "success"
	Refused Outcome = "refused"
)

// Origin is where a request came from. The zero value stands for the server itself.
type Origin struct {
	Address   string // the client's IP address, or "cli" for the command line
	UserAgent string // at most 256 bytes
	RequestID string
}

// Event is one row of the audit log. It never holds a token, a password, a hash or a key.
type Event struct {
	ID      string // assigned by the store, increasing with time
	Time    time.Time
	Action  Action
	Outcome Outcome
	Reason  string // stable snake_case code of a refusal, or a short detail of a change

	ActorID     string // user or client id of who acted; empty when unknown
	ActorName   string // name of who acted, or as it was presented at a sign-in
	SubjectID   string // user or client id of who was acted upon
	SubjectName string
	Target      string // session id, kid, or another thing acted upon

	Origin
	Count int // how many like events this row stands for; 1 unless tallied
}

// Query selects events, newest first. Zero fields select everything.
type Query struct {
	Action   Action
	Outcome  Outcome
	UserID   string // actor or subject
	Since    time.Time
	Until    time.Time
	BeforeID string // the last ID of the page before
	Limit    int    // 1..1000
}

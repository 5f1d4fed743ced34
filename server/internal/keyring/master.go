package keyring

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"runtime"
	"strings"

	"github.com/durward-auth/durward/server/internal/durable"
)

// Master is the key under which the signing keys and the root secret are sealed. It prints as "[secret]".
type Master struct{ key [32]byte }

// The errors of a master key, each with what to do about it.
var (
	ErrMasterMissing = errors.New("the master key is missing: restore the file from your backup, or set DURWARD_MASTER_KEY or DURWARD_MASTER_KEY_FILE")
	ErrMasterWrong   = errors.New("the master key is not the one that sealed these signing keys: restore the right one")
	ErrMasterText    = errors.New("the master key is malformed: it is one line, " + masterPrefix + " followed by 43 characters of base64url")
)

const masterPrefix = "durward-master-v1:"

// ParseMaster reads the text form of a master key, as the file and DURWARD_MASTER_KEY hold it.
func ParseMaster(text string) (Master, error) {
	encoded, ok := strings.CutPrefix(strings.TrimSpace(text), masterPrefix)
	if !ok {
		return Master{}, ErrMasterText
	}
	key, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil || len(key) != 32 {
		return Master{}, ErrMasterText
	}
	var m Master
	copy(m.key[:], key)
	return m, nil
}

// ReadMaster reads the master key from a file that only its owner may read.
// It returns ErrMasterMissing when there is no such file.
func ReadMaster(path string) (Master, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Master{}, fmt.Errorf("%s: %w", path, ErrMasterMissing)
	}
	if err != nil {
		return Master{}, fmt.Errorf("master key: %w", err)
	}
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o077 != 0 {
		return Master{}, fmt.Errorf("the master key %s may be read by others (mode %04o): run chmod 600 %s", path, mode, path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return Master{}, fmt.Errorf("master key: %w", err)
	}
	m, err := ParseMaster(string(text))
	if err != nil {
		return Master{}, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// CreateMaster makes a new master key and stores it with mode 0600. When there is one already, or another process stores one
// at the same moment, that one is returned.
func CreateMaster(path string) (Master, error) {
	m := GenerateMaster()
	err := writeOnce(path, m.Text())
	if errors.Is(err, fs.ErrExist) {
		return ReadMaster(path)
	}
	if err != nil {
		return Master{}, fmt.Errorf("create master key: %w", err)
	}
	return m, nil
}

// writeOnce makes a file appear with its whole content, or not at all; fs.ErrExist if it is there.
func writeOnce(path, text string) error {
	return durable.WriteFile(path, false, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}

func (m Master) derive(purpose string) []byte { return derive(m.key[:], purpose) }

// ID names the key without telling anything of it: 16 hexadecimal digits.
func (m Master) ID() string { return hex.EncodeToString(m.derive("master key id")[:8]) }

// Text is the form that the file and DURWARD_MASTER_KEY hold, with a line feed at its end.
func (m Master) Text() string {
	return masterPrefix + base64.RawURLEncoding.EncodeToString(m.key[:]) + "\n"
}

// GenerateMaster makes a new master key, which is stored nowhere.
func GenerateMaster() Master {
	var m Master
	rand.Read(m.key[:])
	return m
}

// String returns "[secret]".
func (Master) String() string { return "[secret]" }

// GoString returns "[secret]".
func (Master) GoString() string { return "[secret]" }

// LogValue returns "[secret]".
func (Master) LogValue() slog.Value { return slog.StringValue("[secret]") }

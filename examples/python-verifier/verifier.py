"""A service in Python that trusts a Durward server: PyJWT checks the tokens, the status list tells which were taken back.
Debian: apt install python3-jwt python3-cryptography. Start: python3 verifier.py ISSUER AUDIENCE PORT"""

import base64, http.server, socket, sys, time, urllib.request, zlib
import jwt

ISSUER, AUDIENCE, PORT = sys.argv[1:4]
ALGORITHMS = ["ES256"]  # what the issuer signs with; never what a token asks for
LIST_BYTES = 4 << 20  # the largest status list when unpacked
KEYS = jwt.PyJWKClient(ISSUER + "/.well-known/jwks.json")
lists = {}  # address: (until when it may be used, bits of a status, the list)
socket.setdefaulttimeout(5)


def decode(token, media_type, **checks):
    if jwt.get_unverified_header(token).get("typ") != media_type:
        raise jwt.InvalidTokenError("the token is of another type")
    return jwt.decode(token, KEYS.get_signing_key_from_jwt(token).key, algorithms=ALGORITHMS, issuer=ISSUER, **checks)


def fetch_list(uri):
    if not uri.startswith(ISSUER + "/statuslist/"):
        raise jwt.InvalidTokenError("the status list is somebody else's")
    with urllib.request.urlopen(uri) as response:
        token = response.read(2 * LIST_BYTES).decode()
    claims = decode(token, "statuslist+jwt", options={"require": ["iss", "sub", "exp"], "verify_aud": False})
    if claims["sub"] != uri:
        raise OSError("the status list is that of another address")
    packed = base64.urlsafe_b64decode(claims["status_list"]["lst"] + "==")
    usable = min(claims.get("ttl", 300), claims["exp"] - time.time())
    return time.monotonic() + usable, claims["status_list"]["bits"], zlib.decompressobj().decompress(packed, LIST_BYTES)


def verify(token):  # the claims of a token that stands, or an exception
    claims = decode(token, "at+jwt", audience=AUDIENCE, options={"require": ["iss", "aud", "exp", "sub"]})
    uri, index = claims["status"]["status_list"]["uri"], claims["status"]["status_list"]["idx"]
    if uri not in lists or time.monotonic() >= lists[uri][0]:
        lists[uri] = fetch_list(uri)
    _, bits, packed = lists[uri]
    if index < 0 or packed[index * bits // 8] >> index * bits % 8 & (1 << bits) - 1:
        raise jwt.InvalidTokenError("the token was taken back")
    return claims


class Service(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            status, text = 200, "Hello " + verify(self.headers.get("Authorization", "").removeprefix("Bearer "))["username"]
        except (jwt.PyJWKClientError, OSError, zlib.error):
            status, text = 503, "Tokens cannot be checked now"  # no keys or no list: nothing is known of the token
        except (jwt.PyJWTError, KeyError, IndexError, TypeError, ValueError):
            status, text = 401, "A valid token is needed"
        self.send_response(status)
        self.send_header("WWW-Authenticate", "Bearer")
        self.end_headers()
        self.wfile.write(text.encode())


http.server.ThreadingHTTPServer(("127.0.0.1", int(PORT)), Service).serve_forever()

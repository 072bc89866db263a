"""What is hidden before it is sent, what is left alone, and how marks come back."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lsp_server.agent.redact import MARK, Redaction
from lsp_server.agent.tool import ToolError

# A form of secret, and the literal in it that must not be sent. Put together so that no scanner takes this file for a leak.
SECRETS = [
    ("DATABASE_URL = 'postgresql+asyncpg://shop:{}@db.internal:5432/shop'", "hunter2"),
    ("sqlalchemy.url = mysql://root:{}@127.0.0.1/shop", "p%40ss"),
    ("ANTHROPIC = '{}'", "sk-" + "ant-api03-" + "a1B2" * 8),
    ("headers = {{'Authorization': 'Bearer {}'}}", "abcDEF0123456789abcDEF"),
    ("TOKEN_OF_CI = '{}'", "ghp_" + "a1B2c3D4" * 5),
    ("aws = '{}'", "AKIA" + "IOSFODNN7EXAMPLE"),
    ("jwt = '{}'", "eyJ" + "hbGciOiJIUzI1NiJ9" + ".eyJ" + "zdWIiOiIxIn0abc" + ".c2lnbmF0dXJl"),
    ("stripe.key = '{}'", "sk_" + "live_" + "a1B2c3D4e5F6"),
    ("-----BEGIN RSA PRIVATE KEY-----{}-----END RSA PRIVATE KEY-----", "\nMIIEow\nabc\n"),
    ("SECRET_KEY = \"{}\"", "s3cr3t-for-signing"),
    ("secret_key: str = Field(default='{}')", "abc123"),
    ("smtp_password = '{}'", "swordfish"),
    ("PASSWORD = '{}'", "correct horse battery"),
    ("connect(host='db', password='{}')", "correct-horse"),
    ("api_key: SecretStr = SecretStr('{}')", "0a1b2c"),
    ("os.environ.get('SIGNING_KEY', '{}')", "dev-4711"),
    ('{{"client_secret": "{}"}}', "Zx81-Spectrum"),
    ('{{\\"password\\": \\"{}\\"}}', "inside-json"),
    ("POSTGRES_PASSWORD={}", "letmein"),
    ("      POSTGRES_PASSWORD: {}", "hunter2"),
    ("Server=db;User Id=sa;Password={};", "P@ssw0rd"),
    ("dsn = 'host=db user=shop password={} dbname=shop'", "pa55word!"),
    ("curl 'https://example.org/hook?token={}&x=1'", "9f8e7d6c"),
    ("INSERT INTO users (name, email) VALUES ('{}', :email);", "Ada Lovelace"),
    ("op.execute(\"INSERT INTO roles (name) VALUES ('x'), ('{}')\")", "warehouse clerk"),
    ("op.execute(\"INSERT INTO roles VALUES (1, 'x'), \"\n  \"(2, '{}')\")", "warehouse clerk"),
    ("INSERT INTO t VALUES (lower('{}'), 2)", "Ada Lovelace"),
    ("INSERT INTO t (phone) VALUES ({})", "4915112345678"),
    ("DETAIL:  Failing row contains ({}).", "1, ada@example.org, null"),
    ("DETAIL:  Key (email)=({}) already exists.", "ada@example.org"),
    ("invalid input syntax for type integer: \"{}\"", "ada@example.org"),
    ("Incorrect integer value: '{}' for column 'age' at row 1", "ada@example.org"),
    ("Duplicate entry '{}' for key 'users.email'", "ada@example.org"),
    ("[SQL: INSERT INTO users VALUES (?, ?)]\n[parameters: {}]", "(1, 'ada@example.org')"),
    ("COPY users (id, email) FROM stdin;\n{}\\.\n", "1\tada@example.org\n2\tbob@example.org\n"),
]

HARMLESS = [
    "def login(username: str, password: str) -> Token:",
    "user = User(email=wanted.email, password=hash_password(wanted.password))",
    "return Token(access_token=token, token_type='bearer')",
    "oauth2_scheme = OAuth2PasswordBearer(tokenUrl='/api/v1/auth/token')",
    "password: str = Field(min_length=8)",
    "    password: { type: string, format: password }",
    "secret = settings.secret_key",
    "token = request.headers.get('X-Token')",
    "raise HTTPException(401, detail='The token is not valid any more.')",
    "password = 'Your password is too short'",
    "url = f'postgresql://{user}:{password}@{host}/shop'",
    "url: postgresql://${USER}:${PASSWORD}@db/shop",
    "password_hash: Mapped[str] = mapped_column(String(128))",
    "key = 'books'",
    "sa.Column('token', sa.String(64), nullable=False)",
    "SELECT * FROM users WHERE name = 'Ada'",
    "session.execute(insert(Book).values(title='Dune'))",
    "assert response.json()['access_token']",
    "    API_KEY_HEADER = 'x-api-key'",
    "http://localhost:8000/api",
    "select token from tokens",
    "execute('insert into kv (key, val) values (?, ?)', (1, 2))\nother('x')",
    "_Cost(tokens=20, cost=0.02, cost_per_token=0.001)",
    "databricks_credentials: 'DatabricksCredentials'",
]


@pytest.mark.parametrize(("form", "secret"), SECRETS, ids=[form[:30] for form, _ in SECRETS])
def test_secrets_are_hidden(form: str, secret: str) -> None:
    text = form.format(secret)
    hidden = Redaction().hide(text)
    assert secret not in hidden
    assert MARK.search(hidden)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Redaction().hide(text) == text


def test_only_the_head_of_a_data_file_is_shown() -> None:
    hidden = Redaction().hide("id,email\n1,ada@example.org\n2,bob@example.org\n", "seeds/users.csv")
    assert hidden.startswith("id,email\n<<hidden-1:rows>>")
    assert "ada" not in hidden


def test_the_same_literal_has_the_same_mark_everywhere() -> None:
    redaction = Redaction()
    first = redaction.hide("SECRET_KEY = 's3cr3t-for-signing'")
    assert redaction.hide("SECRET_KEY = 's3cr3t-for-signing'") == first
    assert "s3cr3t" not in redaction.hide("the log says s3cr3t-for-signing was used")


def test_a_mark_comes_back_in_the_file_that_holds_the_literal() -> None:
    redaction = Redaction()
    text = "SECRET_KEY = 's3cr3t-for-signing'\nDEBUG = True\n"
    shown = redaction.hide(text)
    wanted = {"path": "app/config.py", "text": shown.replace("True", "False")}
    back = redaction.restore(wanted, {"app/config.py": text}.get)
    assert back["text"] == text.replace("True", "False")


@pytest.mark.parametrize("path", ["app/other.py", "new.py", None])
def test_a_mark_is_refused_elsewhere(path: str | None) -> None:
    redaction = Redaction()
    shown = redaction.hide("SECRET_KEY = 's3cr3t-for-signing'")
    with pytest.raises(ToolError, match="another file"):
        redaction.restore({"path": path, "edits": [{"new": shown}]}, {"app/other.py": "x = 1\n"}.get)


def test_a_mark_that_was_never_given_is_refused() -> None:
    with pytest.raises(ToolError, match="no such mark"):
        Redaction().restore({"path": "a.py", "text": "<<hidden-7:secret>>"}, {"a.py": "<<hidden-7:secret>>"}.get)


def test_a_mark_that_stands_in_the_workspace_is_not_somebody_s_secret() -> None:
    redaction = Redaction()
    redaction.hide("PASSWORD = 'first-secret-1'")
    planted = "# <<hidden-1:secret>> <<hidden-9:secret>>\nPASSWORD = 'first-secret-1'\n"
    shown = redaction.hide(planted)
    assert redaction.restore({"path": "a.py", "text": shown}, {"a.py": planted}.get)["text"] == planted


_PLANTED = ["<<hidden-1:secret>>", "password = '<<hidden-2:mark>>hunter2'", "<<hidden-1:mark>>"]
_PIECES = st.sampled_from([form.format(secret) for form, secret in SECRETS] + HARMLESS + _PLANTED) | st.text(max_size=40)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_PIECES, max_size=6).map("\n".join))
def test_hiding_and_putting_back_gives_the_same_text(text: str) -> None:
    redaction = Redaction()
    hidden = redaction.hide(text)
    assert redaction.restore({"path": "a", "text": hidden}, {"a": text}.get)["text"] == text
    assert redaction.hide(text) == hidden

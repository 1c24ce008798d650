"""Settings from the environment; every variable is described in docs/settings.md (a test holds the two together).

Without DATABASE_URL and REDIS_URL the servers are the embedded ones (datagene/embedded), and a development machine
makes its own secrets in the data directory. DATAGENE_ENV=production makes nothing up: it takes all from the
environment and refuses to start half-configured (datagene/production.py).
"""

from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from datagene import environment, logs, production, rest
from datagene.embedded.errors import EmbeddedError
from datagene.embedded.layout import layout, prepare
from datagene.rest import SPECTACULAR_SETTINGS as SPECTACULAR_SETTINGS

BASE_DIR = Path(__file__).resolve().parent.parent
PRODUCTION = environment.choice("DATAGENE_ENV", ("development", "production"), "development") == "production"
DEBUG = environment.flag("DEBUG")
PUBLIC_URL = environment.text("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
HTTPS = urlsplit(PUBLIC_URL).scheme == "https"
ALLOWED_HOSTS = environment.words(
    "ALLOWED_HOSTS", urlsplit(PUBLIC_URL).hostname or "" if PRODUCTION else "127.0.0.1,localhost,[::1],testserver"
)
TRUSTED_PROXIES = environment.number("TRUSTED_PROXIES", 0)
REST_FRAMEWORK = {**rest.REST_FRAMEWORK, "NUM_PROXIES": TRUSTED_PROXIES}

# --- Data directory and secrets -------------------------------------------------------------------------------------
_layout = layout()
DATA_DIR = _layout.data
SECRET_KEY = environment.text("SECRET_KEY")
SECRET_KEY_FALLBACKS = environment.words("SECRET_KEY_FALLBACKS")
KEY_FILE = environment.text("KEY_FILE")
if not PRODUCTION:
    try:
        prepare(_layout)
        SECRET_KEY = SECRET_KEY or environment.generated(_layout.secrets / "secret_key", environment.random_text)
        if not KEY_FILE:
            KEY_FILE = str(_layout.secrets / "key_file")
            environment.generated(Path(KEY_FILE), environment.key_line)
    except (EmbeddedError, OSError) as error:
        raise ImproperlyConfigured(f"no place for this machine's secrets: {error}") from None

# --- Servers --------------------------------------------------------------------------------------------------------
_database_url = environment.text("DATABASE_URL")
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": environment.number("DATABASE_CONN_MAX_AGE", 60),
        "CONN_HEALTH_CHECKS": True,
        **environment.with_limits(
            environment.postgres(_database_url) if _database_url else environment.embedded_postgres(_layout)
        ),
    }
}
DATABASE_ROLE, DATABASE_PASSWORD = str(DATABASES["default"]["USER"]), str(DATABASES["default"]["PASSWORD"])
# Who owns the tables, when the application does not: for migrate and restore only (datagene/ownership.py).
_owner_url = environment.text("DATABASE_OWNER_URL")
DATABASE_OWNER = (
    environment.postgres(_owner_url, "DATABASE_OWNER_URL") if _owner_url
    else None if _database_url else environment.embedded_postgres(_layout, as_owner=True)
)  # fmt: skip
REDIS_URL = environment.text("REDIS_URL", f"unix://{_layout.valkey_socket}?db=0")
CELERY_BROKER_URL = environment.broker(REDIS_URL)
# Holds only what may be lost: rate-limit counts. Sessions and jobs live in PostgreSQL.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "datagene",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
}

# --- What the platform may read -------------------------------------------------------------------------------------
SOURCE_NETWORKS = tuple(environment.words("SOURCE_NETWORKS", "" if PRODUCTION else "*"))
SOURCE_FOLDERS = tuple(environment.words("SOURCE_FOLDERS", str(DATA_DIR / "sources") if PRODUCTION else ""))
SOURCE_MAX_TABLES = environment.number("SOURCE_MAX_TABLES", 50_000)
SOURCE_MAX_COLUMNS = environment.number("SOURCE_MAX_COLUMNS", 5_000)
# Our own servers are no data sources, even inside an allowed network.
SOURCE_REFUSED = environment.own_servers(_database_url, REDIS_URL)

# --- Jobs and audit -------------------------------------------------------------------------------------------------
JOB_LEASE_SECONDS = environment.number("JOB_LEASE_SECONDS", 60)
JOB_TICK_SECONDS = environment.number("JOB_TICK_SECONDS", 10)
JOB_REDISPATCH_SECONDS = environment.number("JOB_REDISPATCH_SECONDS", 60)
JOB_TIME_LIMIT = environment.number("JOB_TIME_LIMIT", 6 * 3600)
AUDIT_DIGEST = environment.choice("AUDIT_DIGEST", ("sha256", "sm3"), "sha256")

# --- Application ----------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "django_filters",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "core",
    "accounts",
    "assets",
    "standards",
    "genes",
    "quality",
    "quantity",
    "datagene",
]
MIDDLEWARE = [
    "datagene.middleware.request_log",
    "datagene.health.probes",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "datagene.middleware.privacy_headers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.middleware.SessionLimits",
    "datagene.middleware.body_limit",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "datagene.unseen.shown",
]
ROOT_URLCONF = "datagene.urls"
WSGI_APPLICATION = "datagene.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "core.context.shell",
            ]
        },
    }
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 << 20  # bytes; also the body limit of the API

# --- Language and time ----------------------------------------------------------------------------------------------
LANGUAGE_CODE = environment.language("LANGUAGE")
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = environment.text("TIME_ZONE", "Asia/Shanghai")
USE_TZ = True

# --- Signing in -----------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.Person"
LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = "/"
SECURITY_PROFILE = environment.choice("SECURITY_PROFILE", ("dengbao3", "asvs"), "dengbao3")
PASSWORD_HASHERS = ["datagene.hashers.Argon2"]  # opens argon2 hashes of any parameters
SESSION_ENGINE = "django.contrib.sessions.backends.db"  # no cache: an ended session is dead everywhere
SESSION_COOKIE_AGE = 12 * 3600  # seconds, absolute; idle time is accounts.middleware's
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = HTTPS
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if HTTPS else []
LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- What a browser is told -----------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin" if HTTPS else None  # browsers ignore it, and say so, over plain HTTP
SECURE_SSL_REDIRECT = HTTPS and environment.flag("SSL_REDIRECT", default=True)
SECURE_HSTS_SECONDS = environment.number("HSTS_SECONDS", 31_536_000) if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
# Subdomains and the preload list are the domain owner's decision: other hosts of the domain are not ours.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

# --- Static files ---------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
# Development serves the sources themselves; a directory that is not there would only be warned about.
STATIC_ROOT = environment.text("STATIC_ROOT", str(BASE_DIR / "staticfiles") if PRODUCTION else "") or None
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = STATIC_ROOT is None  # without collectstatic
_static_storage = (
    "whitenoise.storage.CompressedManifestStaticFilesStorage"
    if STATIC_ROOT
    else "django.contrib.staticfiles.storage.StaticFilesStorage"
)
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "uploads"},
    },
    "staticfiles": {"BACKEND": _static_storage},
}

# --- Backups ----------------------------------------------------------------------------------------------------------
BACKUP_DIR = environment.text("BACKUP_DIR", str(DATA_DIR / "backups"))
BACKUP_KEEP = environment.number("BACKUP_KEEP", 14)

# --- Metrics ----------------------------------------------------------------------------------------------------------
METRICS_TOKEN = environment.text("METRICS_TOKEN")
METRICS_NETWORKS = environment.networks("METRICS_NETWORKS")

# --- Logs -----------------------------------------------------------------------------------------------------------
LOG_LEVEL = environment.choice("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), "INFO")
LOGGING = logs.configuration(LOG_LEVEL, environment.choice("LOG_FORMAT", ("json", "text"), "json"))
LOGGING_CONFIG = "datagene.logs.configure"

if PRODUCTION:
    production.refuse(
        secret_key=SECRET_KEY,
        key_file=KEY_FILE,
        debug=DEBUG,
        database_url=_database_url,
        redis_url=environment.text("REDIS_URL"),
        hosts=ALLOWED_HOSTS,
    )

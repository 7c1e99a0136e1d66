"""The configuration's models: the one source of keys, defaults and help; unknown keys are refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationInfo, model_validator

from tui_monitor.config.receivers import ascii_domain, chat_id, mailbox, phone_number
from tui_monitor.config.requests import (
    base_address,
    header_fields,
    ntfy_server,
    ntfy_topic,
    program_arguments,
    telegram_token,
    token,
)
from tui_monitor.core.sanitize import nearest
from tui_monitor.core.units import parse_duration, parse_rate, parse_ratio, parse_size
from tui_monitor.core.values import SEVERITIES, SEVERITY_ALIASES
from tui_monitor.platform.regex import RegexError, check_regex

Duration = Annotated[float, BeforeValidator(parse_duration)]
Size = Annotated[int, BeforeValidator(parse_size)]
Ratio = Annotated[float, BeforeValidator(parse_ratio)]


def _severity(value: object) -> str:
    word = SEVERITY_ALIASES.get(str(value), str(value))
    if word not in SEVERITIES:
        raise ValueError(f'"{value}" is not a severity{nearest(word, SEVERITIES)}; one of {", ".join(SEVERITIES)}')
    return word


Severity = Annotated[str, BeforeValidator(_severity)]


def _pattern(value: str) -> str:
    try:
        check_regex(value)
    except RegexError as error:
        raise ValueError(str(error)) from None
    return value


def _address(*schemes: str) -> Callable[[Any], Any]:
    """Refuses an address of another kind, without host or with a wrong port; says what is wrong, never the address."""

    def check(value: Any) -> Any:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if not text.lower().startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise ValueError(f"an address that begins with {' or '.join(f'{scheme}://' for scheme in schemes)} is wanted")
        try:
            parts = urlsplit(text)
            hosts = parts.netloc.rpartition("@")[2].split(",")  # PostgreSQL knows several
            known = [urlsplit(f"//{host}") for host in hosts if host]
            bad = any(part.port == 0 for part in known) or (text.lower().startswith("http") and not parts.hostname)
        except ValueError as error:
            said = str(error).lower() if "out of range" in str(error) or "ipv6" in str(error).lower() else "its port is no number"
            raise ValueError(f"not an address: {said}") from None
        if bad:
            raise ValueError("the address names no host, or the port 0")
        return value

    return check


def _each_severity_once(value: Any) -> Any:
    words = [SEVERITY_ALIASES.get(word, word) for word in value] if isinstance(value, dict) else []
    if twice := next((word for word in words if words.count(word) > 1), ""):
        raise ValueError(f'"{twice}" stands here twice, under another name too')
    return value


def _limit(value: str) -> str:
    parse_rate(value)
    return value


def _host_and_port(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and 0 < int(port) < 65536) or (":" in host and not host.startswith("[")):
        raise ValueError(f'"{value}" is not host:port; write for example "192.0.2.1:443" or "[2001:db8::1]:443"')
    return value


def _secret(check: Callable[[str], object]) -> Callable[[SecretStr], SecretStr]:
    """The same check for a secret; its message must not show the value."""

    def checked(value: SecretStr) -> SecretStr:
        check(value.get_secret_value())
        return value

    return checked


def _mail_address(value: str) -> str:
    mailbox(value)
    return value


def _beside_the_file(value: str, info: ValidationInfo) -> str:
    """A path relative to the configuration's directory, so that it means the same wherever the program is started."""
    return str(Path((info.context or {}).get("directory", ""), Path(value).expanduser()))


FilePath = Annotated[str, AfterValidator(_beside_the_file)]
MailAddress = Annotated[str, AfterValidator(_mail_address)]
PhoneNumber = Annotated[str, AfterValidator(phone_number)]
ChatId = Annotated[str | int, AfterValidator(chat_id)]
HeaderFields = Annotated[dict[str, str], AfterValidator(header_fields)]
Token = Annotated[SecretStr, AfterValidator(_secret(token))]
TelegramToken = Annotated[SecretStr, AfterValidator(_secret(telegram_token))]
BaseAddress = Annotated[str, AfterValidator(_address("http", "https")), AfterValidator(base_address)]
DomainName = Annotated[str, AfterValidator(ascii_domain)]
Limit = Annotated[str, AfterValidator(_limit)]
HostAndPort = Annotated[str, AfterValidator(_host_and_port)]
TlsVersion = Literal["1.0", "1.1", "1.2", "1.3"]
StatusCode = Annotated[int, Field(ge=100, le=599)]
Regex = Annotated[str, AfterValidator(_pattern)]
HttpAddress = Annotated[str, AfterValidator(_address("http", "https"))]
SecretHttpAddress = Annotated[SecretStr, AfterValidator(_address("http", "https"))]
PostgresAddress = Annotated[SecretStr, AfterValidator(_address("postgresql", "postgres"))]
RedisAddress = Annotated[SecretStr, AfterValidator(_address("redis", "rediss", "valkey", "valkeys", "unix"))]


class Section(BaseModel):
    """A table of the file: closed against unknown keys, frozen after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _read_secret_files(cls, raw: Any, info: ValidationInfo) -> Any:
        """Every secret `x` may stand in a file that `x_file` names (relative to the configuration's directory)."""
        if not isinstance(raw, dict) or not any(key.endswith("_file") for key in raw):
            return raw
        read = dict(raw)
        for name, field in cls.model_fields.items():
            key = f"{name}_file"
            if key in read and key not in cls.model_fields and SecretStr in (field.annotation, *get_args(field.annotation)):
                if name in read:
                    raise ValueError(f"{key}: {name} is given too; keep one of them")
                path = Path((info.context or {}).get("directory", "."), Path(str(read.pop(key))).expanduser())
                try:
                    read[name] = path.read_bytes().decode("utf-8-sig").strip()
                except (OSError, UnicodeDecodeError) as error:
                    raise ValueError(f"{key}: {path} cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8'}") from None
        return read


def _key(default: Any, text: str, **more: Any) -> Any:
    if isinstance(default, list | dict):
        return Field(default_factory=default.copy, description=text, **more)
    return Field(default, description=text, **more)


class SystemSettings(Section):
    """This machine."""

    interval: Duration = _key(1.0, "how often this machine is read", gt=0)
    mounts: list[str] | None = _key(None, "the file systems to show; default: all real ones")
    processes: bool = _key(True, "show the process table")


class StoreSettings(Section):
    """History: how long each resolution is kept, and how large the file may get."""

    raw: Duration = _key(86400.0, "every sample")
    minutes: Duration = _key(30 * 86400.0, "one row per series and minute")
    hours: Duration = _key(2 * 31536000.0, "one row per series and hour")
    max_size: Size = _key(2**30, "the oldest of the finest resolution goes first when the file gets larger; 0: no limit")


class QuerySettings(Section):
    """A read-only SQL query whose rows become samples: the column `value` is the value, the other columns are labels."""

    metric: str = Field(description="the metric's name", pattern=r"^[a-zA-Z_:][a-zA-Z0-9_:]*$")
    sql: str = Field(description="one SELECT statement", min_length=1)
    interval: Duration = _key(60.0, "how often it runs", gt=0)
    timeout: Duration = _key(5.0, "statement_timeout", gt=0)


class CheckSettings(Section):
    """What every check has."""

    name: str = Field(description="the check's name, unique", min_length=1)
    interval: Duration = _key(10.0, "how often the target is tested", gt=0)
    timeout: Duration = _key(5.0, "a probe that takes longer has failed", gt=0)
    failures: int = _key(2, "consecutive failures before the status changes", ge=1)
    retry_interval: Duration = _key(2.0, "the pause between the first failure and the threshold", gt=0)
    successes: int = _key(1, "consecutive successes before it is well again", ge=1)
    category: str = _key("", "any word; business, application, infrastructure, external by custom")
    degraded_above: Duration | None = _key(None, "a slower answer is degraded")
    unhealthy_above: Duration | None = _key(None, "a slower answer is unhealthy")
    depends_on: list[str] = _key([], "checks whose failure explains this one's")
    log_file: FilePath | None = _key(None, "the target's log: its last lines are kept as evidence when this check fails")


class HttpCheck(CheckSettings):
    """An HTTP or HTTPS endpoint."""

    type: Literal["http"] = "http"
    url: HttpAddress = Field(description="http:// or https://")
    method: str = _key("GET", "the request's method")
    headers: dict[str, str] = _key({}, "request headers")
    body: str | None = _key(None, "the request's body")
    expect_status: list[StatusCode] | None = _key(None, "accepted status codes; default 200-299 after redirects", min_length=1)
    expect_body: str | None = _key(None, "text that the body contains")
    expect_regex: Regex | None = _key(None, "regular expression that is found in the body")
    expect_json: dict[str, Any] = _key({}, "JMESPath = value")
    expect_headers: dict[str, str] = _key({}, "response header = text that its value contains")
    follow_redirects: bool = _key(True, "follow up to 10 redirects")
    verify: bool = _key(True, "verify the certificate")
    ca_file: FilePath | None = _key(None, "certificate authorities to trust (PEM)")
    cert_file: FilePath | None = _key(None, "client certificate (PEM)")
    key_file: FilePath | None = _key(None, "client key (PEM)")
    username: str | None = _key(None, "basic authentication")
    password: SecretStr | None = _key(None, "basic authentication")
    bearer: SecretStr | None = _key(None, "bearer token")
    tls_expiry_warning: Duration = _key(
        14 * 86400.0, "degraded when the certificate ends sooner, or within a third of its lifetime; 0s: never"
    )
    tls_min_version: TlsVersion = _key("1.2", "the oldest version of TLS: 1.0, 1.1, 1.2 or 1.3")
    tls_legacy_renegotiation: bool = _key(False, "talk to servers without secure renegotiation (RFC 5746)")
    max_body: Size = _key(2**20, "read at most this much of the body")
    keep_alive: bool = _key(False, "keep the connection between probes (tests less: no DNS, TCP, TLS)")


class TcpCheck(CheckSettings):
    """A TCP port, with TLS where wanted."""

    type: Literal["tcp"] = "tcp"
    host: str = Field(description="name or address", min_length=1)
    port: int = Field(description="port", ge=1, le=65535)
    tls: bool = _key(False, "speak TLS")
    verify: bool = _key(True, "with tls: verify the certificate")
    ca_file: FilePath | None = _key(None, "with tls: certificate authorities to trust (PEM)")
    tls_expiry_warning: Duration = _key(
        14 * 86400.0, "degraded when the certificate ends sooner, or within a third of its lifetime; 0s: never"
    )
    tls_min_version: TlsVersion = _key("1.2", "the oldest version of TLS: 1.0, 1.1, 1.2 or 1.3")
    tls_legacy_renegotiation: bool = _key(False, "talk to servers without secure renegotiation (RFC 5746)")
    send: str | None = _key(None, "text to send after connecting")
    expect: str | None = _key(None, "text that the answer contains")


class PostgresCheck(CheckSettings):
    """A PostgreSQL server."""

    type: Literal["postgres"] = "postgres"
    dsn: PostgresAddress = Field(description="postgresql://user:password@host:port/database")
    degraded_above: Duration | None = _key(0.5, "a slower SELECT 1 is degraded")
    unhealthy_above: Duration | None = _key(1.0, "a slower SELECT 1 is unhealthy")
    queries: list[QuerySettings] = _key([], "SQL queries that become metrics")


class RedisCheck(CheckSettings):
    """A Redis (or Valkey) server."""

    type: Literal["redis"] = "redis"
    url: RedisAddress = Field(description="redis://user:password@host:port/0, rediss://, valkey:// or valkeys://")
    memory_degraded: Ratio = _key(0.9, "degraded when more of maxmemory is used")


Check = Annotated[HttpCheck | TcpCheck | PostgresCheck | RedisCheck, Field(discriminator="type")]


class RuleSettings(Section):
    """One alerting rule."""

    alert: str = Field(description="the alert's name", pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$")
    expr: str = Field(description="PromQL; every series of the answer is one alert", min_length=1)
    for_: Duration = _key(0.0, "how long it must hold before it fires", alias="for")
    keep_firing_for: Duration = _key(0.0, "how long it keeps firing after the condition ended")
    labels: dict[str, str] = _key({}, "labels of the alert (identity, routing)")
    annotations: dict[str, str] = _key({}, "texts of the alert")
    severity: Severity | None = _key(None, "info < warning < error < critical")
    summary: str | None = _key(None, "one line: what is wrong, with {{ $value }} and {{ $labels.x }}")
    description: str | None = _key(None, "what to do")
    runbook_url: str | None = _key(None, "where it is described")
    category: str | None = _key(None, "any word; business, application, infrastructure, external by custom")
    resolve_when: str | None = _key(None, "PromQL that must be true to resolve (hysteresis)")
    cooldown: Duration | None = _key(None, "after a resolve, fire again no sooner than this")
    flap_limit: int | None = _key(None, "this many fire-resolve cycles in 10 minutes become one flapping alert", ge=2)
    rate_limit: Limit | None = _key(None, "at most N notifications in a window, for example 3/1h")
    no_data: Literal["hold", "resolve", "alert"] = _key("hold", "what a missing series does to a firing alert")
    no_data_for: Duration = _key(300.0, "with no_data = alert: how long it may be missing")
    no_data_severity: Severity = _key("warning", "with no_data = alert: the severity of that alert")


class NotifierSettings(Section):
    """What every notifier has."""

    name: str = Field(description="the notifier's name, unique", min_length=1)
    timeout: Duration = _key(10.0, "a send that takes longer has failed", gt=0)
    rate_limit: Limit = _key("20/1m", "at most N messages in a window; the rest is summarised")
    send_resolved: bool = _key(True, "tell the end of what was told")
    severities: list[Severity] = _key([], "only these; default all")


class HttpNotifierSettings(NotifierSettings):
    """What every notifier has that speaks HTTP."""

    ca_file: FilePath | None = _key(None, "certificate authorities to trust instead of the usual ones (PEM)")


class WebhookNotifier(HttpNotifierSettings):
    """POST JSON in Alertmanager's version 4 shape."""

    type: Literal["webhook"] = "webhook"
    url: SecretHttpAddress = Field(description="where to POST")
    headers: HeaderFields = _key({}, "more request headers")
    secret: SecretStr | None = _key(None, "key of the HMAC in X-Signature-256")
    max_alerts: int = _key(0, "at most this many alerts in one message; 0: no limit", ge=0)


class TelegramNotifier(HttpNotifierSettings):
    """A Telegram bot."""

    type: Literal["telegram"] = "telegram"
    token: TelegramToken = Field(description="the bot's token", min_length=1)
    chat_id: ChatId = Field(description="chat id or @name")
    api_url: BaseAddress = _key("https://api.telegram.org", "base address of the API")
    thread_id: int | None = _key(None, "topic of a forum group")
    allowed_users: list[Annotated[int, Field(ge=1)]] = _key([], "user ids that may acknowledge with a button; none: no buttons")


class SlackNotifier(HttpNotifierSettings):
    """A Slack incoming webhook."""

    type: Literal["slack"] = "slack"
    url: SecretHttpAddress = Field(description="the incoming webhook's address")


class EmailNotifier(NotifierSettings):
    """Mail over SMTP."""

    type: Literal["email"] = "email"
    host: str = Field(description="the mail server", min_length=1)
    port: int = _key(587, "587 for starttls, 465 for implicit", ge=1, le=65535)
    tls: Literal["starttls", "implicit", "none"] = _key("starttls", "how the connection is protected")
    ca_file: FilePath | None = _key(None, "certificate authorities to trust (PEM)")
    username: str | None = _key(None, "user of the mail server")
    password: SecretStr | None = _key(None, "its password")
    from_: MailAddress = Field(description="sender", alias="from")
    to: list[MailAddress] = Field(description="receivers, one an entry", min_length=1)
    ehlo: DomainName | None = _key(None, "how this machine names itself to the mail server; default: its host name, without a lookup")

    @model_validator(mode="before")
    @classmethod
    def _port_of_implicit_tls(cls, raw: Any) -> Any:
        return {"port": 465, **raw} if isinstance(raw, dict) and raw.get("tls") == "implicit" else raw


class AligoNotifier(HttpNotifierSettings):
    """SMS through Aligo (Korea)."""

    type: Literal["aligo"] = "aligo"
    key: SecretStr = Field(description="API key", min_length=1)
    user_id: str = Field(description="account", min_length=1)
    sender: PhoneNumber = Field(description="registered sender number")
    receivers: list[PhoneNumber] = Field(description="phone numbers, one an entry", min_length=1, max_length=1000)
    api_url: BaseAddress = _key("https://apis.aligo.in", "base address of the API")
    test_mode: bool = _key(False, "accepted but not sent")
    low_balance: int = _key(0, "warn when fewer SMS remain; 0: do not ask")


class AlertmanagerNotifier(HttpNotifierSettings):
    """An Alertmanager (API v2); firing alerts are sent again while they fire."""

    type: Literal["alertmanager"] = "alertmanager"
    url: BaseAddress = Field(description="base address, for example http://localhost:9093")
    resend_interval: Duration = _key(60.0, "how often a firing alert is sent again", gt=0)


class NtfyNotifier(HttpNotifierSettings):
    """A ntfy topic."""

    type: Literal["ntfy"] = "ntfy"
    url: Annotated[HttpAddress, AfterValidator(ntfy_server)] = _key("https://ntfy.sh", "address of the server, without the topic")
    topic: Annotated[str, AfterValidator(ntfy_topic)] = Field(description="the topic")
    token: Token | None = _key(None, "access token")


class CommandNotifier(NotifierSettings):
    """A program that gets the webhook's JSON on standard input."""

    type: Literal["command"] = "command"
    argv: Annotated[list[str], Field(min_length=1), AfterValidator(program_arguments)] = Field(
        description="program and arguments; no shell"
    )


class AppriseNotifier(NotifierSettings):
    """Any of the services that Apprise knows (pip install 'tui-monitor[apprise]')."""

    type: Literal["apprise"] = "apprise"
    urls: list[SecretStr] = Field(description="Apprise addresses", min_length=1)


Notifier = Annotated[
    WebhookNotifier | TelegramNotifier | SlackNotifier | EmailNotifier | AligoNotifier | AlertmanagerNotifier | NtfyNotifier
    | CommandNotifier | AppriseNotifier,
    Field(discriminator="type"),
]  # fmt: skip


class EscalationStep(Section):
    """Who hears of it when nobody has acknowledged."""

    after: Duration = Field(description="how long unacknowledged")
    notifiers: list[str] = Field(description="notifiers or recipient groups", min_length=1)


class RouteSettings(Section):
    """One route: which alerts go to which notifiers, and in what rhythm."""

    match: list[str] = _key([], 'label matchers, for example category="business"; none: all')
    notifiers: list[str] = _key([], "notifiers or recipient groups")
    continue_: bool = _key(False, "look at the next routes too", alias="continue")
    group_by: list[str] = _key(["alertname"], 'labels that make one message; ["..."]: every alert its own')
    group_wait: Duration = _key(0.0, "how long a new group waits for more")
    group_interval: Duration = _key(5.0, "the least pause between messages of a group")
    repeat_interval: Duration = _key(4 * 3600.0, "when a firing alert is told again", gt=0)
    active: str | None = _key(None, "only at these times, for example Mon-Fri 09:00-18:00 Asia/Seoul")
    escalate: list[EscalationStep] = _key([], "further notifiers while nobody acknowledges")
    routes: list[RouteSettings] = _key([], "sub-routes, tried first")


class InhibitSettings(Section):
    """While an alert that matches `source` fires, alerts that match `target` are not told."""

    source: list[str] = Field(description="matchers of the cause", min_length=1)
    target: list[str] = Field(description="matchers of what it explains", min_length=1)
    equal: list[str] = _key([], "labels that must be equal in both")


class MaintenanceSettings(Section):
    """A window in which matching alerts are not told."""

    name: str = Field(description="the window's name")
    match: list[str] = _key([], "label matchers; none: all")
    active: str | None = _key(None, "weekly times, for example Sun 02:00-04:00 Europe/Berlin")
    cron: str | None = _key(None, "start times as a cron line, with `duration`")
    duration: Duration = _key(3600.0, "length of a window that cron starts")
    timezone: str = _key("UTC", "IANA zone of the cron line")

    @model_validator(mode="after")
    def _one_schedule(self) -> MaintenanceSettings:
        if (self.active is None) == (self.cron is None):
            raise ValueError("give either `active` or `cron`")
        return self


class GuardSettings(Section):
    """What tells the monitor's own trouble from the target's ("is it me?")."""

    reference: list[HostAndPort] = _key([], "host:port addresses that are reachable when this machine's network is well")
    dns: list[str] = _key([], "names that resolve when this machine's resolver is well")
    loop_lag: Duration = _key(1.0, "a later wake-up than this makes the probes of that moment unknown", gt=0)


class HeartbeatSettings(Section):
    """A dead man's ping to another service: it tells when this monitor is silent."""

    url: SecretHttpAddress = Field(description="healthchecks.io shape: the address, /start and /fail below it")
    ca_file: FilePath | None = _key(None, "certificate authorities to trust instead of the usual ones (PEM)")
    interval: Duration = _key(60.0, "how often", gt=0)
    timeout: Duration = _key(10.0, "a ping that takes longer has failed", gt=0)


class Settings(Section):
    """The whole file."""

    host: str | None = _key(None, "this machine's name in alerts; default: its host name")
    language: Literal["en", "ko"] = _key("en", "language of messages")
    bell: bool = _key(False, "ring the terminal's bell at a new alert")
    dashboard_url: str | None = _key(None, "link in messages; default: how to open the dashboard over SSH")
    rule_files: list[str] = _key([], "Prometheus rule files, patterns relative to this file")
    default_rules: bool | list[str] = _key(True, "the built-in rules: all, none, or those named")
    system: SystemSettings = Field(default_factory=SystemSettings)
    store: StoreSettings = Field(default_factory=StoreSettings)
    guard: GuardSettings = Field(default_factory=GuardSettings)
    heartbeat: HeartbeatSettings | None = None
    checks: list[Check] = Field(default_factory=list)
    rules: list[RuleSettings] = Field(default_factory=list)
    notifiers: list[Notifier] = Field(default_factory=list)
    recipients: dict[str, list[str]] = _key({}, "recipient groups: a name for several notifiers")
    routing: Annotated[dict[Severity, list[str]], BeforeValidator(_each_severity_once)] = _key({}, "the simple form: severity = notifiers")
    routes: list[RouteSettings] = Field(default_factory=list)
    inhibit: list[InhibitSettings] = Field(default_factory=list)
    maintenance: list[MaintenanceSettings] = Field(default_factory=list)

"""E-mail over SMTP: plain text beside simple HTML, the messages of one finding as one thread.

The standard library's client, in a thread: it speaks STARTTLS and SMTPS with the certificate checked, and one mail at a
time is all there is to do.
"""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr
from html import escape
from http import HTTPStatus
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from geodata.store.deliveries import Earlier
from outlets._tls import context
from outlets._words import mark
from outlets.base import Away, Options, Outlet, Refused
from outlets.message import Sendable

TIMEOUT_S = 15.0
LONGEST_SUBJECT = 180
HIGH = 4
"""From this level on the mail says that it is important."""

LOOPBACK = frozenset(("127.0.0.1", "::1", "localhost"))
Address = Annotated[str, Field(pattern=r"^[^\s@<>,;]+@[^\s@<>,;]+$")]


class MailOptions(Options):
    """``to``: left out where only agencies' own addresses are meant. A password goes over an encrypted line only."""

    host: str
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    ca_file: str | None = None
    user_env: str | None = None
    password_env: str | None = None
    sender: Address
    sender_name: str = "Vọng Lâu"
    to: tuple[Address, ...] = ()

    @model_validator(mode="after")
    def _private(self) -> Self:
        if self.security == "none" and self.user_env and self.host not in LOOPBACK:
            raise ValueError("a password needs security = starttls or tls")
        return self


class Mail(Outlet[MailOptions]):
    """Taken when the server says so for one recipient at least; who was refused is told. 4xx is tried again."""

    kind = "email"
    options_of = MailOptions
    per_minute = 6
    to_agencies = True

    async def send(self, message: Sendable, to: str | None, earlier: Sequence[Earlier]) -> str | None:
        recipients = (to,) if to else self.options.to
        if not recipients:
            raise Away("its options name no recipient")
        user, password = self.secret(self.options.user_env), self.secret(self.options.password_env)
        mail = self._written(message, recipients, earlier)
        trust = context(self.options.ca_file)
        return await asyncio.to_thread(self._hand_over, mail, recipients, (user, password), trust)

    def _written(self, message: Sendable, recipients: Sequence[str], earlier: Sequence[Earlier]) -> MIMEMultipart:
        """The mail. Its Message-ID is made of the key, so that a second copy is known for what it is.

        Of the older classes: the newer ones lose blanks where they break a long subject of ours (Python 3.11).
        """
        mail = MIMEMultipart("alternative")
        mail["From"] = formataddr((self.options.sender_name, self.options.sender))
        mail["To"] = ", ".join(recipients)
        subject = message.headline(message.languages[0])[:LONGEST_SUBJECT]
        mail["Subject"] = Header(subject, "utf-8", header_name="Subject").encode()
        mail["Date"] = format_datetime(datetime.now(UTC))
        mail["Message-ID"] = self._id(message.key)
        before = [self._id(one.key) for one in earlier]
        if before:
            mail["In-Reply-To"] = before[-1]
            mail["References"] = " ".join(dict.fromkeys([before[0], *before[-9:]]))
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Vonglau-Key"] = message.key
        mail["X-Vonglau-Level"] = str(message.level)
        mail["X-Vonglau-Simulated"] = "yes" if message.simulated else "no"
        if message.level >= HIGH and not message.simulated:
            mail["Importance"] = "high"
        plain = "\n\n".join("\n".join(message.lines(one)) for one in message.languages) + "\n"
        mail.attach(MIMEText(plain, "plain", "utf-8"))
        mail.attach(MIMEText(page(message), "html", "utf-8"))
        return mail

    def _id(self, key: str) -> str:
        return f"<{key}@{self.options.sender.rpartition('@')[2]}>"

    def _hand_over(
        self,
        mail: MIMEMultipart,
        recipients: Sequence[str],
        login: tuple[str | None, str | None],
        trust: ssl.SSLContext,
    ) -> str | None:
        try:
            with self._connected(trust) as server:
                if login[0] is not None:
                    server.login(login[0], login[1] or "")
                refused = server.send_message(mail, self.options.sender, list(recipients))
        except smtplib.SMTPAuthenticationError:
            raise Away("the mail server does not know our user or password") from None
        except (smtplib.SMTPConnectError, smtplib.SMTPHeloError) as error:
            raise Away(f"the mail server greets with {error.smtp_code}") from None
        except smtplib.SMTPRecipientsRefused as error:
            _refuse([code for code, _ in error.recipients.values()], "every recipient")
        except smtplib.SMTPResponseException as error:
            _refuse([error.smtp_code], "the message")
        except ssl.SSLError:
            raise Away("the mail server's certificate is not trusted") from None
        except (OSError, smtplib.SMTPException) as error:
            raise Away(f"mail server: {_words(error)}") from None
        return f"refused for {len(refused)} of {len(recipients)} recipients" if refused else None

    def _connected(self, trust: ssl.SSLContext) -> smtplib.SMTP:
        options = self.options
        if options.security == "tls":
            return smtplib.SMTP_SSL(options.host, options.port, timeout=TIMEOUT_S, context=trust)
        server = smtplib.SMTP(options.host, options.port, timeout=TIMEOUT_S)
        if options.security == "starttls":
            try:
                server.starttls(context=trust)
            except BaseException:
                server.close()
                raise
        return server


def _refuse(codes: Sequence[int], what: str) -> None:
    """Raises Refused where every answer is for good, Away where one may change."""
    words = f"the mail server refused {what}: {', '.join(map(str, sorted(set(codes))))}"
    if any(code < HTTPStatus.INTERNAL_SERVER_ERROR for code in codes):
        raise Away(words)
    raise Refused(words)


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return "no answer in time"
    if isinstance(error, ConnectionError):
        return "no connection"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "it hung up"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "it offers no encryption or no login"
    return type(error).__name__


def page(message: Sendable) -> str:
    """The same in simple HTML: nothing is fetched, nothing is run."""
    parts = []
    for language in message.languages:
        first, *rest = message.lines(language)
        badge = mark(message.simulated, language).strip()
        notice = f'<p style="background:#fff3c4;padding:6px"><b>{escape(badge)}</b></p>' if badge else ""
        parts.append(f"{notice}<h3>{escape(first)}</h3>" + "".join(f"<p>{_linked(line)}</p>" for line in rest))
    body = "<hr>".join(parts)
    return f'<!doctype html><html lang="{message.languages[0]}"><meta charset="utf-8"><body>{body}</body></html>\n'


def _linked(line: str) -> str:
    head, sign, link = line.partition("http")
    if not sign or " " in link or not link.startswith(("://", "s://")):
        return escape(line)
    url = escape(sign + link, quote=True)
    return f'{escape(head)}<a href="{url}">{url}</a>'

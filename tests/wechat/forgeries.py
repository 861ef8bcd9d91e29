"""Ways to cast a ballot as somebody else, each tried against a running service; none of them may ever be taken."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_hex
from urllib.parse import parse_qs, quote, urlsplit

import requests
from flask import Flask, Response
from sqlalchemy import select, update

from app.factory import create_app
from foundation.clock import database_now
from foundation.database import db
from foundation.embedded.servers import Connections
from foundation.encryption import Sealer
from foundation.transaction import transaction
from tests.conftest import SECRETS, make_settings
from tests.factories import ballot_headers, make_poll
from tests.wechat.conftest import Switch, served
from tests.wechat.factories_wechat import PREVIOUS_AES_KEY, signature, text_xml
from votes.chat.words import CONFIRM, START
from votes.models import Ballot, Poll
from votes.voters import purpose_of, voter_tag
from wechat.account import Account, current_account
from wechat.crypto import MessageCipher
from wechat.identity import MAX_AGE_SECONDS, PURPOSE_SECONDS, sign_in_voter
from wechat.links import LINK_LASTS, personal_link
from wechat.models import PersonalLink
from wechat.personal_data import forget_voter
from wechat.sandbox.app import create_sandbox
from wechat.sandbox.config import SandboxConfig

SECONDS = 15
RETURN = "/wechat/login/return"


@dataclass
class Ground:
    """A service with one open poll, its platform, and dice, so that a run can be had again."""

    app: Flask
    site: str
    platform: str
    slug: str
    dice: random.Random

    def browser(self, cookie: str = "", name: str = "voter") -> requests.Session:
        """A browser of somebody's, with this cookie if any."""
        made = requests.Session()
        made.trust_env = False
        if cookie:
            made.cookies.set(name, cookie)
        return made

    def person(self) -> str:
        """Somebody who exists and has not voted."""
        return f"oVictim{self.dice.getrandbits(80):021x}"

    def cookie(self, openid: str, *, snapshot: bool = False, purpose: str | None = None) -> tuple[str, str]:
        """The cookie that the service gives to whoever signed in: name and value."""
        response = Response()
        sign_in_voter(response, openid, snapshot, purpose=purpose)
        name, _, rest = response.headers["Set-Cookie"].partition("=")
        return name, rest.split(";")[0]

    def sealed(self, **changes: object) -> str:
        """A cookie that our own key sealed, with another content."""
        account = current_account()
        value = {"o": self.person(), "i": int(time.time()), "e": account.epoch, "s": False, **changes}
        return account.voter_sealer.seal(value)

    def link(self, openid: str, purpose: str | None = None) -> str:
        return personal_link(openid, purpose or purpose_of(self.slug), f"/polls/{self.slug}")

    def go_in(self, browser: requests.Session, link: str, origin: str | None = None) -> int:
        """Open a link and press its button."""
        browser.get(link, timeout=SECONDS)
        headers = {"Origin": origin or self.site}
        return browser.post(link, headers=headers, allow_redirects=False, timeout=SECONDS).status_code

    def vote(self, browser: requests.Session, *, query: str = "", origin: str | None = None, **more: object) -> int:
        """Send a ballot as the page does, with whatever else a forger adds; returns the status."""
        headers = {name[2:]: str(value) for name, value in more.items() if name.startswith("h_")}
        body = {name: value for name, value in more.items() if not name.startswith("h_")}
        answer = browser.post(
            f"{self.site}/polls/{self.slug}/ballots{query}",
            json={"choices": [1], "nonce": token_hex(16), **body},
            headers={**ballot_headers(self.app, self.slug), "Origin": origin or self.site, **headers},
            timeout=SECONDS,
        )
        return answer.status_code

    def push(self, xml: str, **changes: str) -> int:
        """Push to the callback as the platform does, but for `changes`; returns the status."""
        account = current_account()
        given = {"token": account.token, "aes_key": SECRETS["WECHAT_AES_KEY"], "appid": SECRETS["WECHAT_APPID"]}
        given |= {"timestamp": str(int(time.time())), "nonce": token_hex(8), **changes}
        encrypted = MessageCipher(given["aes_key"], given["appid"]).encrypt(xml)
        covered = (given["token"], given["timestamp"], given["nonce"])
        signed = {"signature": signature(*covered), "msg_signature": signature(*covered, encrypted)}
        signed |= {name: changes[name] for name in signed if name in changes}
        query = {**signed, "timestamp": given["timestamp"], "nonce": given["nonce"], "encrypt_type": "aes"}
        if changes.get("envelope") == "clear":
            query.pop("encrypt_type")
        body = xml if changes.get("envelope") == "clear" else f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
        address = f"{self.site}/wechat/callback"
        return requests.post(address, params=query, data=body.encode(), timeout=SECONDS).status_code

    def converse(self, openid: str, **changes: str) -> int:
        """Vote in the chat as this person, in three pushes; returns the last one's status."""
        pushes = [
            text_xml(words, openid=openid, at=int(time.time())) for words in (f"{START} {self.slug}", "1", CONFIRM)
        ]
        return [self.push(xml, **changes) for xml in pushes][-1]

    def sign_in(self, browser: requests.Session, person: str) -> str:
        """Sign in through the platform on this person's phone; returns the address by which one came back."""
        browser.post(f"{self.platform}/phone/{person}/pick", allow_redirects=False, timeout=SECONDS)
        return self._way(browser, f"{self.site}/wechat/login?next={quote('/privacy')}", 2)

    def _way(self, browser: requests.Session, address: str, steps: int) -> str:
        for _ in range(steps):
            address = browser.get(address, allow_redirects=False, timeout=SECONDS).headers["Location"]
        return address

    def ballots(self) -> list[bytes]:
        """Return the tags in the ledger."""
        with transaction() as session:
            return list(session.scalars(select(Ballot.voter_tag).join(Poll).filter_by(slug=self.slug)))

    def tag(self, openid: str) -> bytes:
        with transaction() as session:
            return voter_tag(session.scalars(select(Poll.voter_key).filter_by(slug=self.slug)).one() or b"", openid)


Forgery = Callable[[Ground], int]
FORGERIES: dict[str, Forgery] = {}
"""By what they are called; each sends one ballot, in a vote or in a push, and returns how that was answered."""

REFUSED = (401, 403)


def forgery(attempt: Forgery) -> Forgery:
    FORGERIES[attempt.__name__.replace("_", " ")] = attempt
    return attempt


@forgery
def an_openid_in_the_query(ground: Ground) -> int:
    name = ground.dice.choice(["openid", "voter", "o", "user", "FromUserName", "touser"])
    return ground.vote(ground.browser(), query=f"?{name}={ground.person()}")


@forgery
def an_openid_in_the_body(ground: Ground) -> int:
    name = ground.dice.choice(["openid", "voter", "voter_tag", "snapshot", "FromUserName"])
    return ground.vote(ground.browser(), **{name: ground.person()})


@forgery
def an_openid_in_a_header(ground: Ground) -> int:
    name = ground.dice.choice(["X-WX-OPENID", "X-Openid", "X-Voter", "Authorization", "X-Forwarded-User", "Cookie2"])
    return ground.vote(ground.browser(), **{f"h_{name}": ground.person()})


@forgery
def an_openid_as_a_cookie(ground: Ground) -> int:
    name = ground.dice.choice(["voter", "openid", "__Host-voter", "login", "console"])
    return ground.vote(ground.browser(ground.person(), name))


@forgery
def an_altered_cookie(ground: Ground) -> int:
    _, value = ground.cookie(ground.person())
    at = ground.dice.randrange(len(value))
    letter = ground.dice.choice([one for one in "0123456789abcdef" if one != value[at]])
    return ground.vote(ground.browser(value[:at] + letter + value[at + 1 :]))


@forgery
def a_cookie_cut_or_lengthened(ground: Ground) -> int:
    _, value = ground.cookie(ground.person())
    cut = ground.dice.randrange(1, len(value))
    return ground.vote(ground.browser(ground.dice.choice([value[:cut], value + "00", value[cut:] + value[:cut]])))


@forgery
def two_cookies_put_together(ground: Ground) -> int:
    one, other = (ground.cookie(ground.person())[1] for _ in range(2))
    cut = 2 * ground.dice.randrange(1, len(one) // 2)
    return ground.vote(ground.browser(one[:cut] + other[cut:]))


@forgery
def a_cookie_that_is_too_old(ground: Ground) -> int:
    age = MAX_AGE_SECONDS + ground.dice.randrange(1, 10**7)
    return ground.vote(ground.browser(ground.sealed(i=int(time.time()) - age)))


@forgery
def a_cookie_of_the_future(ground: Ground) -> int:
    return ground.vote(ground.browser(ground.sealed(i=int(time.time()) + ground.dice.randrange(400, 10**7))))


@forgery
def the_cookie_of_a_snapshot(ground: Ground) -> int:
    return ground.vote(ground.browser(ground.cookie(ground.person(), snapshot=True)[1]))


@forgery
def a_cookie_of_another_account(ground: Ground) -> int:
    return ground.vote(ground.browser(ground.sealed(e=f"{ground.dice.getrandbits(32):08x}")))


@forgery
def a_cookie_of_another_service(ground: Ground) -> int:
    value = {"o": ground.person(), "i": int(time.time()), "e": current_account().epoch, "s": False}
    secret, purpose = ground.dice.choice([(token_hex(32), "voter"), (SECRETS["SECRET_KEY"], "link")])
    return ground.vote(ground.browser(Sealer(secret, purpose).seal(value)))


@forgery
def a_cookie_of_somebody_who_left(ground: Ground) -> int:
    person = ground.person()
    browser = ground.browser(ground.cookie(person)[1])
    forget_voter(person)
    return ground.vote(browser)


@forgery
def a_cookie_for_another_poll(ground: Ground) -> int:
    """It is shown as it is, as the one for this poll, or as the one for the whole site."""
    person = ground.person()
    name, value = ground.cookie(person, purpose=purpose_of("another"))
    here, _ = ground.cookie(person, purpose=purpose_of(ground.slug))
    return ground.vote(ground.browser(value, ground.dice.choice([name, here, "voter"])))


@forgery
def a_cookie_for_this_poll_that_is_too_old(ground: Ground) -> int:
    purpose = purpose_of(ground.slug)
    name, _ = ground.cookie("x", purpose=purpose)
    value = ground.sealed(i=int(time.time()) - PURPOSE_SECONDS - ground.dice.randrange(1, 10**6), p=purpose)
    return ground.vote(ground.browser(value, name))


@forgery
def a_voter_sent_by_another_site(ground: Ground) -> int:
    """Another site has the browser of somebody who is signed in send a ballot."""
    browser = ground.browser(ground.cookie(ground.person())[1])
    origin = ground.dice.choice(["https://evil.example", "null", f"{ground.site}.evil.example"])
    return ground.vote(browser, origin=origin)


@forgery
def a_link_that_somebody_went_in_by(ground: Ground) -> int:
    link, thief = ground.link(ground.person()), ground.browser()
    ground.go_in(ground.browser(), link)
    ground.go_in(thief, link)
    return ground.vote(thief)


@forgery
def a_link_that_was_only_looked_at(ground: Ground) -> int:
    thief = ground.browser()
    thief.get(ground.link(ground.person()), timeout=SECONDS)
    return ground.vote(thief)


@forgery
def a_link_whose_button_another_site_presses(ground: Ground) -> int:
    victim = ground.browser()
    ground.go_in(victim, ground.link(ground.person()), "https://evil.example")
    return ground.vote(victim)


@forgery
def a_link_that_is_too_old(ground: Ground) -> int:
    link, thief = ground.link(ground.person()), ground.browser()
    with transaction() as session:
        made = database_now(session) - LINK_LASTS - timedelta(seconds=ground.dice.randrange(1, 10**5))
        session.execute(update(PersonalLink).values(made_at=made))
    ground.go_in(thief, link)
    return ground.vote(thief)


@forgery
def an_altered_link(ground: Ground) -> int:
    link, thief = ground.link(ground.person()), ground.browser()
    at = -ground.dice.randrange(1, 33)
    letter = ground.dice.choice([one for one in "0123456789abcdefABCDEFg" if one != link[at]])
    ground.go_in(thief, link[:at] + letter + (link[at + 1 :] if at != -1 else ""))
    return ground.vote(thief)


@forgery
def a_guessed_link(ground: Ground) -> int:
    thief = ground.browser()
    ground.go_in(thief, f"{ground.site}/v/{ground.dice.getrandbits(128):032x}")
    return ground.vote(thief)


@forgery
def a_link_that_a_newer_one_replaced(ground: Ground) -> int:
    person, thief = ground.person(), ground.browser()
    older = ground.link(person)
    ground.link(person)
    ground.go_in(thief, older)
    return ground.vote(thief)


@forgery
def a_link_for_something_else(ground: Ground) -> int:
    thief = ground.browser()
    ground.go_in(thief, ground.link(ground.person(), ground.dice.choice([purpose_of("another"), "me", "poll:"])))
    return ground.vote(thief)


@forgery
def a_link_of_somebody_who_left(ground: Ground) -> int:
    person, thief = ground.person(), ground.browser()
    link = ground.link(person)
    forget_voter(person)
    ground.go_in(thief, link)
    return ground.vote(thief)


@forgery
def a_replayed_return(ground: Ground) -> int:
    """The whole address by which somebody came back from signing in, opened in another browser."""
    victim, thief = ground.browser(), ground.browser()
    back = ground.sign_in(victim, "jia")
    victim.get(back, allow_redirects=False, timeout=SECONDS)
    thief.get(back, allow_redirects=False, timeout=SECONDS)
    return ground.vote(thief)


@forgery
def an_intercepted_return(ground: Ground) -> int:
    """The same before its owner opened it: the state belongs to another browser."""
    thief = ground.browser()
    thief.get(ground.sign_in(ground.browser(), "jia"), allow_redirects=False, timeout=SECONDS)
    return ground.vote(thief)


@forgery
def a_replayed_code(ground: Ground) -> int:
    """A code that was used, brought home under a state of the thief's own."""
    victim, thief = ground.browser(), ground.browser()
    used = ground.sign_in(victim, "jia")
    victim.get(used, allow_redirects=False, timeout=SECONDS)
    own = ground.sign_in(thief, "yi")
    own_code, used_code = (parse_qs(urlsplit(address).query)["code"][0] for address in (own, used))
    thief.get(own.replace(own_code, used_code), allow_redirects=False, timeout=SECONDS)
    return ground.vote(thief)


@forgery
def an_invented_code(ground: Ground) -> int:
    thief = ground.browser()
    own = ground.sign_in(thief, "yi")
    code = parse_qs(urlsplit(own).query)["code"][0]
    thief.get(own.replace(code, token_hex(16)), allow_redirects=False, timeout=SECONDS)
    return ground.vote(thief)


@forgery
def an_invented_state(ground: Ground) -> int:
    thief = ground.browser()
    query = f"code={token_hex(16)}&state={token_hex(16)}&openid={ground.person()}"
    thief.get(f"{ground.site}{RETURN}?{query}", allow_redirects=False, timeout=SECONDS)
    return ground.vote(thief)


@forgery
def a_push_with_a_forged_signature(ground: Ground) -> int:
    changes = [{"token": token_hex(8)}, {"msg_signature": token_hex(20)}, {"token": ""}]
    return ground.converse(ground.person(), **ground.dice.choice(changes))


@forgery
def a_push_of_another_time(ground: Ground) -> int:
    off = ground.dice.choice([-1, 1]) * ground.dice.randrange(400, 10**7)
    return ground.converse(ground.person(), timestamp=str(int(time.time()) + off))


@forgery
def a_push_under_another_key(ground: Ground) -> int:
    changes = [{"aes_key": PREVIOUS_AES_KEY}, {"appid": "wx" + token_hex(8)}]
    return ground.converse(ground.person(), **ground.dice.choice(changes))


@forgery
def a_push_in_clear(ground: Ground) -> int:
    """The signature in the address does not cover the body, so in safe mode it proves nothing."""
    return ground.converse(ground.person(), envelope="clear")


def genuine_ballots(ground: Ground) -> list[bytes]:
    """Cast a ballot by each honest way, and return the tags under which they are to be in the ledger."""
    by_cookie, by_link, in_chat = (ground.person() for _ in range(3))
    assert ground.vote(ground.browser(ground.cookie(by_cookie)[1])) == 201
    phone = ground.browser()
    assert ground.go_in(phone, ground.link(by_link)) == 303
    assert ground.vote(phone) == 201
    ground.converse(in_chat)
    signed_in = ground.browser()
    back = ground.sign_in(signed_in, "bing")
    signed_in.get(back, allow_redirects=False, timeout=SECONDS)
    assert ground.vote(signed_in) == 201
    chat = signed_in.get(f"{ground.platform}/phone/bing/chat.json", timeout=SECONDS).json()
    return sorted(map(ground.tag, (by_cookie, by_link, in_chat, chat["follower"]["openid"])))


@contextmanager
def forging_ground(connections: Connections, seed: int = 1) -> Iterator[Ground]:
    """Run a service and its platform, with one poll that takes ballots."""
    site, platform = Switch(), Switch()
    with ExitStack() as stack:
        site_url, platform_url = (stack.enter_context(served(switch)) for switch in (site, platform))
        hosts = {f"wechat_{host}_url": f"{platform_url}/{host}" for host in ("api", "open", "mp")}
        app = site.application = create_app(make_settings(public_url=site_url, **hosts), connections)
        platform.application = create_sandbox(_sandbox_config(app.extensions["wechat_account"], site_url))
        slug = f"forged-{token_hex(4)}"
        with app.app_context():
            make_poll(slug, title=slug)
            yield Ground(app, site_url, platform_url, slug, random.Random(seed))
            db.session.rollback()
            db.engine.dispose()


def _sandbox_config(account: Account, site: str) -> SandboxConfig:
    settings = account.settings
    return SandboxConfig(
        appid=settings.wechat_appid,
        secret=settings.wechat_secret.get_secret_value(),
        original_id=settings.wechat_original_id,
        token=account.token,
        aes_key=settings.wechat_aes_key.get_secret_value(),
        message_mode="safe",
        callback_url=f"{site}/wechat/callback",
        callback_domain=site.removeprefix("http://"),
    )

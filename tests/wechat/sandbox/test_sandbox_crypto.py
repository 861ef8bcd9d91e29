"""Signatures and the cipher give what the platform's own documentation prints."""

import base64

import pytest

from wechat.sandbox.crypto import CryptoError, MessageCipher, matches, sign

from .backend import AES_KEY, APPID, opened, sealed, sealed_frame

OFFICIAL = MessageCipher("A" * 43, "wxba5fad812f8e6fb9")
OFFICIAL_ENCRYPT = (
    "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsX"
    "UnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajA"
    "sjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="
)
OFFICIAL_CLEAR = (
    '{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY","CreateTime":1714112445,'
    '"MsgType":"event","Event":"debug_demo","debug_str":"hello world"}'
)


@pytest.mark.parametrize(
    ("timestamp", "nonce", "expected"),
    [
        ("1714036504", "1514711492", "f464b24fc39322e44b38aa78f5edd27bd1441696"),
        ("1714037059", "486452656", "899cf89e464efb63f54ddac96b0a0a235f53aa78"),
    ],
)
def test_official_signatures_are_reproduced(timestamp: str, nonce: str, expected: str) -> None:
    assert sign("AAAAA", timestamp, nonce) == expected


def test_a_signature_with_one_digit_altered_does_not_match() -> None:
    right = sign("voteToken2026", "1767225600", "n0nceV02")
    assert right == "e4bbbd63b5b9ac12b0d8b028ed17b6cb45b3cf58"
    assert not matches(right[:-1] + "0", "voteToken2026", "1767225600", "n0nceV02")


def test_the_official_push_is_opened() -> None:
    assert OFFICIAL.decrypt(OFFICIAL_ENCRYPT) == OFFICIAL_CLEAR
    assert matches("046e02f8204d34f8ba5fa3b1db94908f3df2e9b3", "AAAAA", "1714112445", "415670741", OFFICIAL_ENCRYPT)


def test_the_official_reply_is_made() -> None:
    encrypt = OFFICIAL.encrypt('{"demo_resp":"good luck"}', b"707722b803182950")
    assert encrypt == "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
    assert sign("AAAAA", "1713424427", "415670741", encrypt) == "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"


@pytest.mark.parametrize("length", [0, 1, 11, 12, 13, 31, 32, 33, 500])
def test_what_one_side_seals_the_other_opens_whatever_the_padding(length: int) -> None:
    clear = "票" * length
    cipher = MessageCipher(AES_KEY, APPID)
    assert opened(cipher.encrypt(clear, b"0123456789abcdef")) == clear
    assert cipher.decrypt(sealed(clear)) == clear


@pytest.mark.parametrize(
    "encrypted",
    [
        "",
        "not base64 at all",
        base64.b64encode(b"x" * 40).decode(),
        base64.b64encode(b"x" * 64).decode(),
        sealed("hello", appid="wxanother0000000000"),
        sealed("hello", aes_key="Z" * 43),
        sealed_frame(b"0123456789abcdef\0\0"),
        sealed_frame(b"0123456789abcdef\0\0\0\2\xff\xfe" + APPID.encode()),
    ],
    ids=["empty", "no base64", "no multiple of 16", "rubbish", "another appid", "another key", "cut off", "no UTF-8"],
)
def test_what_the_account_did_not_seal_is_refused(encrypted: str) -> None:
    with pytest.raises(CryptoError):
        MessageCipher(AES_KEY, APPID).decrypt(encrypted)

#!/usr/bin/env python3
"""Computes fingerprints.json by the book, sharing no code with the product: `python3 fingerprints.py > fingerprints.json`.

Python 3 and its standard library only. XXH64 after the specification in the xxHash repository (doc/xxhash_spec.md), checked below against
published values; the canonical text after docs and the table in src/util/canonical.ts, written anew. What is here is never edited to make
a test pass: a fingerprint that changes makes every user rebuild everything.
"""

import base64
import hashlib
import json
import struct
import sys
import unicodedata
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

# ---------------------------------------------------------------------------------------------------------------------
# XXH64

P1, P2, P3, P4, P5 = (
    0x9E3779B185EBCA87,
    0xC2B2AE3D27D4EB4F,
    0x165667B19E3779F9,
    0x85EBCA77C2B2AE63,
    0x27D4EB2F165667C5,
)
M = (1 << 64) - 1


def rotl(x, r):
    return ((x << r) | (x >> (64 - r))) & M


def one_round(acc, lane):
    return rotl((acc + lane * P2) & M, 31) * P1 & M


def merge(acc, lane):
    return ((acc ^ one_round(0, lane)) * P1 + P4) & M


def xxh64(data, seed):
    n, at = len(data), 0
    if n >= 32:
        a, b, c, d = (seed + P1 + P2) & M, (seed + P2) & M, seed, (seed - P1) & M
        for w, x, y, z in struct.iter_unpack("<4Q", data[: n // 32 * 32]):
            a, b, c, d = one_round(a, w), one_round(b, x), one_round(c, y), one_round(d, z)
        at = n // 32 * 32
        acc = (rotl(a, 1) + rotl(b, 7) + rotl(c, 12) + rotl(d, 18)) & M
        for lane in (a, b, c, d):
            acc = merge(acc, lane)
    else:
        acc = (seed + P5) & M
    acc = (acc + n) & M
    while at + 8 <= n:
        acc = (rotl(acc ^ one_round(0, struct.unpack_from("<Q", data, at)[0]), 27) * P1 + P4) & M
        at += 8
    if at + 4 <= n:
        acc = (rotl(acc ^ (struct.unpack_from("<I", data, at)[0] * P1 & M), 23) * P2 + P3) & M
        at += 4
    while at < n:
        acc = rotl(acc ^ (data[at] * P5 & M), 11) * P1 & M
        at += 1
    acc = (acc ^ (acc >> 33)) * P2 & M
    acc = (acc ^ (acc >> 29)) * P3 & M
    return acc ^ (acc >> 32)


def two_lanes(data):
    return "%016x%016x" % (xxh64(data, 0), xxh64(data, 0x9E3779B97F4A7C15))


def sanity_buffer(length):
    """The bytes that xxHash's own sanity check hashes (cli/xsum_sanity_check.c)."""
    state, out = 2654435761, bytearray()
    for _ in range(length):
        out.append(state >> 56)
        state = state * 11400714785074694797 & M
    return bytes(out)


PUBLISHED = [
    # xxHash, cli/xsum_sanity_check.c: length of its buffer, seed, XXH64
    (sanity_buffer(0), 0, 0xEF46DB3751D8E999),
    (sanity_buffer(0), 2654435761, 0xAC75FDA2929B17EF),
    (sanity_buffer(1), 0, 0xE934A84ADB052768),
    (sanity_buffer(1), 2654435761, 0x5014607643A9B4C3),
    (sanity_buffer(4), 0, 0x9136A0DCA57457EE),
    (sanity_buffer(14), 0, 0x8282DCC4994E35C8),
    (sanity_buffer(14), 2654435761, 0xC3BD6BF63DEB6DF0),
    (sanity_buffer(222), 0, 0xB641AE8CB691C174),
    (sanity_buffer(222), 2654435761, 0x20CB8AB7AE10C14A),
    # python-xxhash, README
    (b"a", 0, 0xD24EC4F1A98C6E5B),
    (b"xxhash", 0, 0x32DD38952C4BC720),
    (b"xxhash", 20141025, 0xB559B98D844E0635),
    # quoted by ports of it in several languages
    (b"abc", 0, 0x44BC2CF5AD770999),
    (b"Nobody inspects the spammish repetition", 0, 0xFBCEA83C8A378BF1),
]
for data, seed, expected in PUBLISHED:
    assert xxh64(data, seed) == expected, (data, seed, hex(xxh64(data, seed)), hex(expected))


# ---------------------------------------------------------------------------------------------------------------------
# Canonical text. Values are told in a notation of their own, lists with the kind first, because JSON cannot hold them:
# ["list", [...]], ["record", [[name, value], ...]], ["number", "-0"], ["text", "..."], ["bytes", "Uint8Array", "hex"], ...


def number_text(written):
    """A number as ECMAScript's Number::toString writes it."""
    x = float(written)
    if x != x or x in (float("inf"), float("-inf")):
        raise ValueError(written)
    if x == 0:
        return "0"
    sign, digits, exponent = "-" if x < 0 else "", *shortest(abs(x))
    k, n = len(digits), exponent
    if k <= n <= 21:
        return sign + digits + "0" * (n - k)
    if 0 < n <= 21:
        return sign + digits[:n] + "." + digits[n:]
    if -6 < n <= 0:
        return sign + "0." + "0" * -n + digits
    e = ("+" if n > 0 else "-") + str(abs(n - 1))
    return sign + digits[0] + ("." + digits[1:] if k > 1 else "") + "e" + e


def shortest(x):
    """The shortest digits that read back as x, and the place of the point: x = 0.digits * 10^place."""
    mantissa, _, exponent = repr(x).partition("e")
    whole, _, fraction = mantissa.partition(".")
    place = len(whole) + int(exponent or 0)
    digits = whole + fraction
    stripped = digits.lstrip("0")
    place -= len(digits) - len(stripped)
    return stripped.rstrip("0") or "0", place


def string_text(s):
    out = ['"']
    short = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    for c in s:
        out.append(short.get(c) or ("\\u%04x" % ord(c) if ord(c) < 32 else c))
    return "".join(out) + '"'


def pairs_text(pairs):
    ordered = sorted(pairs, key=lambda pair: pair[0].encode("utf-8"))
    return "[" + ",".join("[" + string_text(name) + "," + text(value) + "]" for name, value in ordered) + "]"


def tag(name, value=None):
    return '{"$":' + string_text(name) + ("" if value is None else ',"value":' + value) + "}"


def text(value):
    kind, rest = value[0], value[1:]
    if kind == "null":
        return "null"
    if kind == "boolean":
        return "true" if rest[0] else "false"
    if kind == "text":
        return string_text(rest[0])
    if kind == "number":
        return tag(rest[0]) if rest[0] in ("NaN", "Infinity", "-Infinity", "-0") else number_text(rest[0])
    if kind == "undefined":
        return tag("undefined")
    if kind == "bigint":
        return tag("bigint", string_text(rest[0]))
    if kind == "date":
        moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=rest[0])
        return tag("Date", string_text(moment.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (moment.microsecond // 1000)))
    if kind == "list":
        return "[" + ",".join(text(member) for member in rest[0]) + "]"
    if kind == "record":
        if any(name in ("$", "toJSON", "__proto__") for name, _ in rest[0]):
            return tag("object", pairs_text(rest[0]))
        ordered = sorted(rest[0], key=lambda pair: pair[0].encode("utf-8"))
        return "{" + ",".join(string_text(name) + ":" + text(member) for name, member in ordered) + "}"
    if kind == "bare":
        return tag("null-prototype", pairs_text(rest[0]))
    if kind == "set":
        return tag("Set", "[" + ",".join(sorted((text(m) for m in rest[0]), key=lambda t: t.encode("utf-8"))) + "]")
    if kind == "map":
        entries = ["[" + text(k) + "," + text(m) + "]" for k, m in rest[0]]
        return tag("Map", "[" + ",".join(sorted(entries, key=lambda t: t.encode("utf-8"))) + "]")
    if kind == "bytes":
        return tag(rest[0], string_text(base64.b64encode(bytes.fromhex(rest[1])).decode("ascii")))
    raise ValueError(kind)


def plain(value):
    """Ordinary JSON in the notation above."""
    if value is None:
        return ["null"]
    if isinstance(value, bool):
        return ["boolean", value]
    if isinstance(value, (int, float)):
        return ["number", repr(value)]
    if isinstance(value, str):
        return ["text", value]
    if isinstance(value, list):
        return ["list", [plain(member) for member in value]]
    return ["record", [[name, plain(member)] for name, member in value.items()]]


def fingerprint(value):
    return two_lanes(text(value).encode("utf-8"))


def number(written):
    return ["number", written]


VALUES = [
    ["null"],
    ["boolean", True],
    ["boolean", False],
    ["undefined"],
    *[number(n) for n in ("0", "-0", "NaN", "Infinity", "-Infinity", "1", "-1", "0.1", "-1.5", "100", "1e21", "1e-7", "123456789012345680000")],
    *[number(n) for n in ("5e-324", "1.7976931348623157e308", "9007199254740993", "0.000001", "1.2345e-9", "4.35", "2.5e25", "1e300")],
    ["bigint", "0"],
    ["bigint", "-123456789012345678901234567890"],
    ["text", ""],
    ["text", "1"],
    ["text", "undefined"],
    ["text", 'quote " backslash \\ slash / newline \n tab \t bell \x07 delete \x7f'],
    ["text", "Zürich 東京 \u2028 \U0001f600"],
    ["text", "\u00e9"],
    ["text", "e\u0301"],
    ["date", 0],
    ["date", -1],
    ["date", 1767323045678],
    ["text", "1970-01-01T00:00:00.000Z"],
    ["list", []],
    ["list", [["null"]]],
    ["list", [["undefined"]]],
    ["list", [number("1"), number("2")]],
    ["list", [number("2"), number("1")]],
    ["list", [["text", "ab"], ["text", "c"]]],
    ["list", [["text", "a"], ["text", "bc"]]],
    ["list", [["list", [number("1")]], ["list", [number("2"), number("3")]]]],
    ["list", [["list", [number("1"), number("2")]], ["list", [number("3")]]]],
    ["record", []],
    ["record", [["a", ["undefined"]]]],
    ["record", [["a", ["null"]]]],
    ["record", [["b", number("1")], ["a", number("2")]]],
    ["record", [["10", number("1")], ["9", number("2")], ["a", number("3")]]],
    ["record", [["\U0001f600", number("1")], ["\uff5e", number("2")], ["z", number("3")]]],
    ["record", [["$", ["text", "undefined"]]]],
    ["record", [["$", ["text", "bigint"]], ["value", ["text", "1"]]]],
    ["record", [["toJSON", ["text", "x"]], ["b", number("1")], ["a", number("2")]]],
    ["record", [["__proto__", ["record", [["x", number("1")]]]]]],
    ["record", [["deep", ["record", [["$", ["list", [["undefined"], ["bigint", "7"]]]]]]]]],
    ["bare", []],
    ["bare", [["b", number("1")], ["a", ["undefined"]], ["$", ["null"]]]],
    ["set", []],
    ["set", [number("2"), number("10"), ["text", "1"], ["record", [["x", number("1")]]]]],
    ["map", []],
    ["map", [[["text", "b"], number("1")], [["text", "a"], number("-0")]]],
    ["map", [[["record", [["k", number("1")]]], ["set", [["date", 5]]]], [["undefined"], ["map", []]]]],
    ["bytes", "Uint8Array", ""],
    ["bytes", "Uint8Array", "0001fe"],
    ["bytes", "Buffer", "0001fe"],
    ["bytes", "ArrayBuffer", "0001fe"],
    ["bytes", "Uint8ClampedArray", "0001fe"],
    ["bytes", "Int8Array", "0001fe"],
    ["bytes", "Uint16Array", "0102ff00"],
    ["bytes", "Int32Array", "ffffffff"],
    ["bytes", "Float32Array", "0000c03f"],
    ["bytes", "Float64Array", "000000000000f83f"],
    ["bytes", "BigInt64Array", "ffffffffffffffff"],
    ["bytes", "BigUint64Array", "0100000000000000"],
    plain({"name": "sum-day", "inputs": {"transactions": ["a", "b"]}, "single": True, "retries": 3, "timeout": None}),
]


# ---------------------------------------------------------------------------------------------------------------------
# Manifests, schemas, keys, versions


def manifest(kind, number_of_format, parts):
    return ["record", [["kind", ["text", kind]], ["format", number(str(number_of_format))], ["parts", parts]]]


A, B, C = ("d24ec4f1a98c6e5b" * 2, "44bc2cf5ad770999" * 2, "fbcea83c8a378bf1" * 2)


def step(days, name="sum-all", version="semver 1"):
    return plain({"producer": name, "version": version, "outputs": {"output": {"schema": A, "key": ""}}, "inputs": {"days": days}})


MANIFESTS = [
    ("input", 1, step([["date=2026-01-01", A], ["date=2026-01-02", B]])),
    ("input", 1, step([["date=2026-01-01", B], ["date=2026-01-02", A]])),
    ("input", 1, step([["date=2026-01-01", A], ["date=2026-01-02", A]])),
    ("input", 1, step([["date=2026-01-01", B], ["date=2026-01-02", B]])),
    ("input", 1, step([["date=2026-01-01", A]])),
    ("input", 1, step([])),
    ("input", 2, step([])),
    ("output", 1, step([])),
    ("input", 1, step([], version="semver 2")),
    ("input", 1, plain({})),
    ("mixed", 1, ["record", [["at", ["date", 0]], ["limit", ["bigint", "5"]], ["none", ["undefined"]], ["of", ["set", [number("1")]]]]]),
]

ISO_DATE = (
    r"^(?:(?:\d\d[2468][048]|\d\d[13579][26]|\d\d0[48]|[02468][048]00|[13579][26]00)-02-29|\d{4}-(?:(?:0[13578]|1[02])-"
    r"(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|(?:02)-(?:0[1-9]|1\d|2[0-8])))$"
)
SAFE = {"type": "integer", "minimum": -(2**53 - 1), "maximum": 2**53 - 1}
SCHEMAS = {
    "number": {"type": "number"},
    "string": {"type": "string"},
    "transactions": {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["amount", "date", "id"],
            "properties": {"id": SAFE, "date": {"type": "string", "format": "date", "pattern": ISO_DATE}, "amount": {"type": "number"}},
        },
    },
    "optional": {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "number"}}, "required": ["b"]},
    "date": {"$zod": {"type": "date"}},
    "map": {"$zod": {"type": "map", "key": {"type": "string"}, "value": {"$zod": {"type": "bigint"}}}},
    "tree": {
        "type": "object",
        "required": ["children", "name"],
        "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#"}}},
    },
    "enum": {"type": "string", "enum": ["eu", "us"]},
    "nullable": {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "null"}]},
}

KEYS = [
    ({}, {}),
    ({"date": "daily"}, {"date": "2026-01-02"}),
    ({"region": "strings", "date": "daily"}, {"region": "eu", "date": "2026-01-02"}),
    ({"hour": "hourly", "week": "weekly", "month": "monthly"}, {"hour": "2026-01-02T03", "week": "2026-W53", "month": "2026-12"}),
    ({"n": "integers"}, {"n": -42}),
    *[
        ({"s": "strings"}, {"s": s})
        for s in ("a=b,c/d%e[f]", "%2C", "Zürich", "東京 \U0001f600", "a+b~c.d_e-f", "a+b c", "!*'()", "..", "CON", "a b", "é", '"\\<>|?')
    ],
]


def key_text(dimensions, key):
    parts = []
    for name in sorted(dimensions):
        value = str(key[name])
        assert unicodedata.normalize("NFC", value) == value
        parts.append(name + "=" + quote(value, safe="+"))  # quote never escapes letters, digits and _.-~
    return ",".join(parts)


def version_counts(kind, value):
    if kind == "semver":
        main, dash, pre = value.split("+")[0].partition("-")
        major = main.split(".")[0]
        return "semver " + (main + dash + pre if dash else major if major != "0" else main)
    if kind == "time":
        moment = datetime.fromisoformat(value.replace("Z", "+00:00")).astimezone(timezone.utc)
        fraction = ("%06d" % moment.microsecond).rstrip("0")
        return "time " + moment.strftime("%Y-%m-%dT%H:%M:%S") + ("." + fraction if fraction else "") + "Z"
    return kind + " " + value


VERSIONS = [
    *[("semver", v) for v in ("1.0.0", "1.2.3", "2.0.0", "10.20.30", "0.1.0", "0.1.1", "0.0.1", "1.0.0-rc.1", "2.0.0-alpha.beta", "1.0.0+linux", "0.3.0+7")],
    *[("text", v) for v in ("1", "1.0", "v1.0.0", "autumn 2026", "01.2.3", "東京")],
    ("git", "d6cd1e2bd19e03a81132a23b2025920577f84e37"),
    *[("time", v) for v in ("2026-01-02T03:04:05Z", "2026-01-02T04:04:05+01:00", "2026-01-02T03:04:05.500Z", "2026-01-01T23:30:00-05:30")],
]


def pattern(length):
    return bytes(i * 7 % 251 for i in range(length))


LENGTHS = [*range(0, 70), 127, 128, 1000, 4096, 65_537, 262_143, 262_144, 262_145, 1_000_003, 4_194_304, 4_194_305]


def main():
    golden = {
        "algorithm": "xxh64x2",
        "published": [{"hex": data.hex(), "xxh64": "%016x" % value} for data, seed, value in PUBLISHED if seed == 0],
        "bytes": [
            {"length": n, "fingerprint": two_lanes(pattern(n)), "sha256": hashlib.sha256(pattern(n)).hexdigest()} for n in LENGTHS
        ],
        "values": [{"value": v, "text": text(v), "fingerprint": fingerprint(v)} for v in VALUES],
        "manifests": [
            {"kind": kind, "format": form, "parts": parts, "text": text(manifest(kind, form, parts)), "fingerprint": fingerprint(manifest(kind, form, parts))}
            for kind, form, parts in MANIFESTS
        ],
        "schemas": {
            name: {"json": schema, "fingerprint": fingerprint(manifest("schema", 1, ["record", [["json", plain(schema)]]]))}
            for name, schema in SCHEMAS.items()
        },
        "keys": [{"dimensions": d, "key": k, "text": key_text(d, k), "fingerprint": two_lanes(key_text(d, k).encode())} for d, k in KEYS],
        "versions": [{"kind": k, "value": v, "counts": version_counts(k, v), "fingerprint": two_lanes(version_counts(k, v).encode())} for k, v in VERSIONS],
    }
    # One entry a line, so that a change shows as the line it is in.
    lines = []
    for section, content in golden.items():
        if isinstance(content, str):
            lines.append(json.dumps(section) + ": " + json.dumps(content))
            continue
        is_list = isinstance(content, list)
        entries = [json.dumps(e) for e in content] if is_list else [json.dumps(n) + ": " + json.dumps(e) for n, e in content.items()]
        opening, closing = "[]" if is_list else "{}"
        lines.append(json.dumps(section) + ": " + opening + "\n  " + ",\n  ".join(entries) + "\n " + closing)
    sys.stdout.write("{\n " + ",\n ".join(lines) + "\n}\n")


main()

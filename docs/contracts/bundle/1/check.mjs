// SPDX-License-Identifier: Apache-2.0
// A second implementation of arf.bundle/1, in plain Node (>= 18) without packages: see README.md beside this file.
//
//   node check.mjs vectors.json         recompute every golden vector
//   node check.mjs FILE.arfb...         recompute every digest in the bundles
//
// The analysis is not run again, and the fields of intents are not checked one by one: `arf verify --recompute` and
// healing-intent/1/check.mjs do.
//
// Exit codes: 0 all agree, 1 something does not, 2 nothing was checked.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const SCHEMA = "arf.bundle/1";
const MAX_BYTES = 64 * 2 ** 20;
const MAX_ENTRIES = 1000;
const MAX_NESTING = 500; // of any document

// ---- strict JSON: objects become Maps, so a key such as __proto__ is only a key ------------------------------------

function parse(text) {
  let at = 0;
  const fail = (why) => {
    throw new Error(`not JSON: ${why} at offset ${at}`);
  };
  const blank = () => {
    while (at < text.length && " \t\r\n".includes(text[at])) at += 1;
  };
  const matched = (pattern) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at += found[0].length;
    return found && found[0];
  };
  const string = () => {
    const literal = matched(/"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y);
    return literal === null ? fail("a string is expected") : JSON.parse(literal);
  };
  const number = () => {
    const literal = matched(/-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y);
    if (literal === null) return fail("a value is expected");
    const value = Number(literal);
    if (!Number.isFinite(value)) throw new Error(`the number ${literal.slice(0, 40)} is too large`);
    const whole = !/[.eE]/.test(literal);
    if (whole && !Number.isSafeInteger(value) && JSON.stringify(value) !== literal) {
      throw new Error(`the integer ${literal.slice(0, 40)} does not fit in 2^53`);
    }
    return value;
  };
  const object = (depth) => {
    const found = new Map();
    for (at += 1, blank(); text[at] !== "}"; blank()) {
      if (found.size > 0) {
        if (text[at] !== ",") fail("a comma is expected");
        at += 1;
        blank();
      }
      const key = string();
      if (found.has(key)) throw new Error(`the key ${JSON.stringify(key)} stands twice in one object`);
      blank();
      if (text[at] !== ":") fail("a colon is expected");
      at += 1;
      found.set(key, value(depth + 1));
    }
    at += 1;
    return found;
  };
  const array = (depth) => {
    const found = [];
    for (at += 1, blank(); text[at] !== "]"; blank()) {
      if (found.length > 0) {
        if (text[at] !== ",") fail("a comma is expected");
        at += 1;
      }
      found.push(value(depth + 1));
    }
    at += 1;
    return found;
  };
  const value = (depth) => {
    if (depth > MAX_NESTING) throw new Error("the document is nested too deep");
    blank();
    if (text[at] === "{") return object(depth);
    if (text[at] === "[") return array(depth);
    if (text[at] === '"') return string();
    const word = matched(/true|false|null|-?Infinity|NaN/y);
    if (word === null) return number();
    if (word.endsWith("Infinity") || word === "NaN") throw new Error(`${word} is not a JSON number`);
    return { true: true, false: false, null: null }[word];
  };
  if (text.startsWith("\ufeff")) throw new Error("the document starts with a byte order mark");
  const found = value(0);
  blank();
  return at === text.length ? found : fail("extra data");
}

// ---- RFC 8785 and the digests ----------------------------------------------------------------------------------------

function canonical(value) {
  if (value instanceof Map) {
    const keys = [...value.keys()].sort(); // by UTF-16 code units, as JavaScript compares strings
    return `{${keys.map((key) => `${canonical(key)}:${canonical(value.get(key))}`).join(",")}}`;
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value === "string" && /\p{Surrogate}/u.test(value)) throw new Error("a string has a lone surrogate");
  return JSON.stringify(value);
}

const sha256 = (text) => createHash("sha256").update(text, "utf8").digest("hex");
const digest = (domain, value) => `sha256:${sha256(`${domain}\n${canonical(value)}`)}`;
const fileDigest = (bytes) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const part = (value, keys) => new Map(keys.map((key) => [key, value.get(key)]));

// ---- the archive -----------------------------------------------------------------------------------------------------

const fail = (why) => {
  throw new Error(why);
};
const END = 22;
const LOCAL = 30;
const CENTRAL = 46;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ byte) & 0xff];
  return (crc ^ 0xffffffff) >>> 0;
}

function endOf(data) {
  const at = data.length - END;
  if (at < 0 || data.readUInt32LE(at) !== 0x06054b50) fail(withoutEnd(data));
  const [disk, startDisk, here, count] = [4, 6, 8, 10].map((place) => data.readUInt16LE(at + place));
  const [size, start] = [12, 16].map((place) => data.readUInt32LE(at + place));
  const locator = data.subarray(Math.max(0, at - 20), at).includes(Buffer.from("PK\x06\x07", "latin1"));
  if (locator || here === 0xffff || count === 0xffff || size === 0xffffffff || start === 0xffffffff) fail("zip64");
  if (data.readUInt16LE(at + 20) || disk || startDisk || here !== count) fail("a comment, or several disks");
  if (count > MAX_ENTRIES) fail(`${count} entries: at most ${MAX_ENTRIES}`);
  if (start + size !== at) fail("bytes between the central directory and its end");
  return { count, start, at };
}

function withoutEnd(data) {
  const at = data.lastIndexOf(Buffer.from("PK\x05\x06", "latin1"));
  if (at < 0 || at + END > data.length) return "the archive has no end";
  const stated = data.readUInt16LE(at + 20);
  if (at + END + stated === data.length) return `the archive has a comment of ${stated} bytes`;
  return "there are bytes after the end of the archive";
}

function* headersOf(data, end) {
  let at = end.start;
  for (let number = 1; number <= end.count; number += 1) {
    if (at + CENTRAL > end.at || data.readUInt32LE(at) !== 0x02014b50) fail(`entry ${number} is not in the directory`);
    const short = (place) => data.readUInt16LE(at + place);
    const long = (place) => data.readUInt32LE(at + place);
    const [nameSize, extra, comment] = [short(28), short(30), short(32)];
    const after = at + CENTRAL + nameSize + extra + comment;
    if (after > end.at) fail("an entry is longer than the central directory");
    const name = data.subarray(at + CENTRAL, at + CENTRAL + nameSize);
    const fixed = short(4) === 788 && short(6) === 20 && !short(12) && short(14) === 33 && !short(34) && !short(36);
    yield {
      name: name.toString("latin1"), raw: name, flags: short(8), method: short(10), crc: long(16), stored: long(20),
      size: long(24), extra, comment, attributes: long(38), offset: long(42), fixed,
    };
    at = after;
  }
  if (at !== end.at) fail("the central directory has bytes beyond its entries");
}

const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?$/i;
const SEGMENT = /^[A-Za-z0-9_-](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?$/;
const NAME_RULES = [
  [(name) => name === "", "has no name"],
  [(name) => name.length > 200, "has a name of more than 200 characters"],
  [(name) => name.includes("\0"), "has a zero byte in its name"],
  [(name) => name.startsWith("/"), "has an absolute path"],
  [(name) => name.includes("\\"), "has a backslash in its name"],
  [(name) => /^[A-Za-z]:/.test(name), "names a drive"],
  [(name) => name.split("/").includes(".."), "leads to a parent folder"],
  [(name) => name.endsWith("/"), "is a folder"],
  [(name) => /[^\x00-\x7f]/.test(name), "has a name that is not ASCII"],
  [(name) => name.split("/").some((segment) => DEVICE.test(segment)), "has the name of a device of Windows"],
  [(name) => !name.split("/").every((segment) => SEGMENT.test(segment)), "has a name that is not portable"],
];

function checkName(name) {
  for (const [breaks, why] of NAME_RULES) if (breaks(name)) fail(`the entry ${JSON.stringify(name)} ${why}`);
}

function checkNames(names) {
  const rules = [["have the same name", (name) => name], ["differ only in case", (name) => name.toLowerCase()]];
  for (const [why, same] of rules) if (new Set(names.map(same)).size !== names.length) fail(`two entries ${why}`);
  names.forEach(checkName);
  if (names.some((name, index) => index > 0 && names[index - 1] > name)) fail("the entries are not in order");
}

function checkHeader(header) {
  const kind = (header.attributes >>> 16) & 0o170000;
  if (kind === 0o120000) fail("a symbolic link");
  if (kind === 0o040000 || (header.attributes & 0x10 && header.attributes !== 0o100644 * 65536)) fail("a folder");
  if (kind !== 0o100000 && kind !== 0) fail("a device, pipe or socket");
  if (header.flags & 0x2041) fail("is encrypted");
  if (header.method !== 0) fail("is compressed");
  if (header.stored !== header.size) fail("states two sizes");
  if (header.extra || header.comment) fail("has an extra field or a comment");
  if (!header.fixed || header.flags || header.attributes !== 0o100644 * 65536) fail("has another time, mode, version or flag");
}

function localOf(header) {
  const local = Buffer.alloc(LOCAL);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(20, 4);
  local.writeUInt16LE(33, 12);
  [header.crc, header.size, header.size].forEach((value, index) => local.writeUInt32LE(value, 14 + 4 * index));
  local.writeUInt16LE(header.raw.length, 26);
  return Buffer.concat([local, header.raw]);
}

function readArchive(data) {
  if (data.length > MAX_BYTES) fail("the archive is too large");
  const end = endOf(data);
  const headers = [...headersOf(data, end)];
  checkNames(headers.map((header) => header.name));
  headers.forEach(checkHeader);
  const entries = new Map();
  let at = 0;
  for (const header of headers) {
    const local = localOf(header);
    const start = header.offset + local.length;
    if (header.offset !== at) fail(`the entry ${header.name} starts at ${header.offset}, and must start at ${at}`);
    if (start + header.size > end.start) fail(`the entry ${header.name} reaches into the central directory`);
    if (!data.subarray(at, start).equals(local)) fail(`the entry ${header.name} has a local header that differs`);
    const content = data.subarray(start, start + header.size);
    at = start + header.size;
    entries.set(header.name, { content, damaged: crc32(content) !== header.crc });
  }
  if (at !== end.start) fail("there are bytes between the last entry and the central directory");
  return entries;
}

// ---- the bundle ------------------------------------------------------------------------------------------------------

const MANIFEST_KEYS = ["schema", "mode", "note", "created_from", "entries", "digest"];
const ALWAYS = ["analysis.json", "environment.json", "policies.yaml", "settings.json", "topology.json"];
const REQUIRED = { full: [...ALWAYS, "intents.jsonl", "memory.jsonl"], reference: [...ALWAYS, "receipts.txt"] };
const SCHEMAS = (mode) => ({
  "analysis.json": mode === "full" ? "arf.analysis/1" : "arf.analysis-reference/1",
  "environment.json": "arf.environment/1",
  "settings.json": "arf.settings/1",
  "topology.json": "arf.topology/1",
});

const textOf = (bytes, name) => {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return fail(`${name} is not UTF-8`);
  }
};

function canonicalObject(bytes, name) {
  const value = parse(textOf(bytes, name));
  if (!(value instanceof Map)) fail(`${name} is no object`);
  if (!Buffer.from(`${canonical(value)}\n`).equals(bytes)) fail(`${name} is not in canonical form`);
  return value;
}

function checkKeys(what, value, keys) {
  if (!(value instanceof Map)) fail(`${what} is no object`);
  for (const key of value.keys()) if (!keys.includes(key)) fail(`${what} has the unknown key ${JSON.stringify(key)}`);
  for (const key of keys) if (!value.has(key)) fail(`${what} lacks ${key}`);
}

function readManifest(entries) {
  if (!entries.has("manifest.json")) fail("there is no manifest.json");
  const manifest = canonicalObject(entries.get("manifest.json").content, "manifest.json");
  checkKeys("manifest.json", manifest, MANIFEST_KEYS);
  if (manifest.get("schema") !== SCHEMA) fail(`the schema is not ${SCHEMA}`);
  if (!Object.hasOwn(REQUIRED, manifest.get("mode"))) fail("the mode is neither full nor reference");
  return manifest;
}

function checkEntries(manifest, entries) {
  const listed = manifest.get("entries");
  listed.forEach((item) => checkKeys("an entry of the manifest", item, ["name", "size", "sha256"]));
  const names = listed.map((item) => item.get("name"));
  if (names.some((name, index) => index > 0 && names[index - 1] >= name)) fail("the manifest lists a name twice");
  for (const name of entries.keys()) {
    if (name !== "manifest.json" && !names.includes(name)) fail(`the entry ${name} is undeclared`);
  }
  for (const item of listed) {
    const found = entries.get(item.get("name"));
    if (!found) fail(`the entry ${item.get("name")} is missing`);
    equal(`${item.get("name")}: its sha256`, item.get("sha256"), fileDigest(found.content));
    equal(`${item.get("name")}: its size`, item.get("size"), found.content.length);
  }
  const rest = new Map([...manifest].filter(([key]) => key !== "digest"));
  equal("manifest.json: its digest", manifest.get("digest"), digest(SCHEMA, rest));
  for (const [name, entry] of entries) if (entry.damaged) fail(`${name}: its CRC-32 does not recompute`);
}

function checkMode(manifest, entries) {
  const mode = manifest.get("mode");
  const inputs = manifest.get("created_from").get("inputs");
  const events = mode === "full" ? inputs.map((_, index) => `events/${index + 1}`) : [];
  const wanted = ["manifest.json", ...REQUIRED[mode], ...events];
  for (const name of wanted) if (!entries.has(name)) fail(`a ${mode} bundle has an entry ${name}`);
  for (const name of entries.keys()) if (!wanted.includes(name)) fail(`a ${mode} bundle has no entry ${name}`);
  for (const [name, schema] of Object.entries(SCHEMAS(mode))) {
    const value = canonicalObject(entries.get(name).content, name);
    if (value.get("schema") !== schema) fail(`the schema of ${name} is not ${schema}`);
  }
  events.forEach((name, index) => {
    equal(`${name}: its sha256 in created_from`, inputs[index].get("sha256"), fileDigest(entries.get(name).content));
  });
  if (mode === "full") {
    const memory = manifest.get("created_from").get("memory").get("sha256");
    equal("memory.jsonl: its sha256 in created_from", memory, fileDigest(entries.get("memory.jsonl").content));
  }
}

const IDENTITY = ["action", "component", "detected_at", "incident_id", "parameters"];
const CONTEXT = ["evidence", "reasoning_chain", "similar_incidents"];
const REQUEST = [
  ...IDENTITY, "confidence", "context_digest", "intent_id", "justification", "policy_applied", "requires_enterprise",
  "rollback_hint", "schema",
];

function checkIntent(intent, where) {
  checkKeys(where, intent, [...REQUEST, ...CONTEXT, "digest"]);
  const name = `intent_${sha256(canonical(part(intent, IDENTITY))).slice(0, 16)}`;
  equal(`${where}: its intent_id`, intent.get("intent_id"), name);
  const context = digest("arf.healing-intent-context/1", part(intent, CONTEXT));
  equal(`${where}: its context_digest`, intent.get("context_digest"), context);
  equal(`${where}: its digest`, intent.get("digest"), digest("arf.healing-intent/1", part(intent, REQUEST)));
  return `${intent.get("intent_id")} ${intent.get("digest")}`;
}

function checkReceipt(line, where) {
  const fields = line.split(" ");
  if (fields.length !== 7 || fields[0] !== "arf-receipt/1") fail(`${where}: not a receipt`);
  const [, intent_id, stated, action, component, detected_at, check] = fields;
  const whole = { action, component: decodeURIComponent(component), detected_at, digest: stated, intent_id };
  const computed = digest("arf.receipt/1", new Map(Object.entries(whole))).slice("sha256:".length).slice(0, 16);
  equal(`${where}: its check`, check, computed);
  return `${intent_id} ${stated}`;
}

function intentsIn(manifest, entries) {
  const full = manifest.get("mode") === "full";
  const name = full ? "intents.jsonl" : "receipts.txt";
  const lines = textOf(entries.get(name).content, name).split("\n").filter((line) => line.trim());
  return lines.map((line, index) => {
    const where = `${name}, line ${index + 1}`;
    try {
      return full ? checkIntent(parse(line), where) : checkReceipt(line, where);
    } catch (error) {
      return fail(error.message.startsWith(where) ? error.message : `${where}: ${error.message}`);
    }
  });
}

function checkBundle(data) {
  const entries = readArchive(data);
  const manifest = readManifest(entries);
  checkEntries(manifest, entries);
  checkMode(manifest, entries);
  const listed = intentsIn(manifest, entries);
  const analysis = canonicalObject(entries.get("analysis.json").content, "analysis.json");
  const intents = analysis.get("advice").flatMap((advice) => advice.get("intents"));
  const analysed = intents.map((intent) => `${intent.get("intent_id")} ${intent.get("digest")}`);
  if (JSON.stringify(analysed) !== JSON.stringify(listed)) fail("analysis.json has other intents than the bundle lists");
  return { digest: manifest.get("digest"), intents: listed.map((one) => one.split(" ")[1]) };
}

// ---- golden vectors and files ----------------------------------------------------------------------------------------

function equal(what, stated, computed) {
  if (stated !== computed) fail(`${what} is stated as ${stated}, and this implementation computes ${computed}`);
}

const archiveOf = (vector) => Buffer.from(vector.get("archive"), "base64");

function checkAccepted(vector) {
  const found = checkBundle(archiveOf(vector));
  equal("digest", vector.get("digest"), found.digest);
  equal("intents", JSON.stringify(vector.get("intents")), JSON.stringify(found.intents));
}

function checkRefused(vector) {
  try {
    checkBundle(archiveOf(vector));
  } catch (error) {
    if (error.message.includes(vector.get("names"))) return;
    throw new Error(`refused for another reason than ${vector.get("names")}: ${error.message}`);
  }
  throw new Error("accepted, and must be refused");
}

function* checksOf(data) {
  if (data.length === 0) return;
  if (data[0] !== 0x7b) {
    yield ["the bundle", () => checkBundle(data)];
    return;
  }
  const vectors = parse(textOf(data, "vectors"));
  for (const vector of vectors.get("accepted") ?? []) yield [`accepted: ${vector.get("name")}`, () => checkAccepted(vector)];
  for (const vector of vectors.get("refused") ?? []) yield [`refused: ${vector.get("name")}`, () => checkRefused(vector)];
}

function checkFile(path) {
  const result = { checked: 0, bad: 0 };
  for (const [where, check] of checksOf(readFileSync(path))) {
    result.checked += 1;
    try {
      check();
    } catch (error) {
      result.bad += 1;
      console.error(`${path}: ${where}: ${error.message}`);
    }
  }
  console.log(`${path}: ${result.checked} checked, ${result.bad} bad`);
  return result;
}

function main(paths) {
  let code = paths.length > 0 ? 0 : 2;
  for (const path of paths) {
    let result = { checked: 0, bad: 1 };
    try {
      result = checkFile(path);
    } catch (error) {
      console.error(`${path}: ${error.message}`);
    }
    if (result.bad > 0) code = 1;
    else if (result.checked === 0 && code === 0) code = 2;
  }
  if (paths.length === 0) console.error("usage: node check.mjs vectors.json | FILE.arfb...");
  return code;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = main(process.argv.slice(2));

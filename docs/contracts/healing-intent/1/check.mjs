// SPDX-License-Identifier: Apache-2.0
// A second implementation of arf.healing-intent/1, in plain Node (>= 18) without packages: see README.md beside this file.
//
//   node check.mjs vectors.json         recompute every golden vector
//   node check.mjs FILE...              recompute every intent in the files: JSON, JSON lines, or a document such as the
//                                       output of `arf analyze --json` with intents anywhere inside
//
// Exit codes: 0 all agree, 1 something does not, 2 nothing was checked (also when one of the files held nothing).

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const SCHEMA = "arf.healing-intent/1";
const CONTEXT_DOMAIN = "arf.healing-intent-context/1";
const RECEIPT_DOMAIN = "arf.receipt/1";
const MAX_DEPTH = 32; // of a value in an intent
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
const part = (intent, keys) => new Map(keys.map((key) => [key, intent.get(key)]));

const IDENTITY = ["action", "component", "detected_at", "incident_id", "parameters"];
const CONTEXT = ["evidence", "reasoning_chain", "similar_incidents"];
const REQUEST = [
  ...IDENTITY, "confidence", "context_digest", "intent_id", "justification", "policy_applied", "requires_enterprise",
  "rollback_hint", "schema",
];
const KEYS = [...REQUEST, ...CONTEXT, "digest"];

const recomputed = (intent) => ({
  intent_id: `intent_${sha256(canonical(part(intent, IDENTITY))).slice(0, 16)}`,
  context_digest: digest(CONTEXT_DOMAIN, part(intent, CONTEXT)),
  digest: digest(SCHEMA, part(intent, REQUEST)),
});

// ---- the rules of the fields -----------------------------------------------------------------------------------------

const isName = (value) =>
  typeof value === "string" && /^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]{1,253}$/u.test(value);
const isNumber = (least, most) => (value) => typeof value === "number" && value >= least && value <= most;
const isWhole = (least, most) => (value) => Number.isInteger(value) && value >= least && value <= most;
const isNames = (value) => Array.isArray(value) && value.length >= 1 && value.length <= 16 && value.every(isName);
const isText = (value) => typeof value === "string";
const isFull = (value) => isText(value) && /[^ \t\r\n]/.test(value);
const isTime = (value) => {
  if (!isText(value) || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(value) || value.startsWith("0000")) return false;
  const milliseconds = `${value.slice(0, 23)}Z`;
  const moment = new Date(milliseconds);
  return !Number.isNaN(moment.getTime()) && moment.toISOString() === milliseconds;
};

const PARAMETERS = {
  rollback: { revision: isName, force: (value) => typeof value === "boolean" },
  restart_container: { container_id: (value) => value === null || isName(value), grace_period: isWhole(0, 3600) },
  scale_out: { scale_factor: isWhole(1, 10), resource_profile: isName },
  circuit_breaker: { threshold: isNumber(0, 1), timeout: isWhole(1, 3600) },
  traffic_shift: { percentage: isWhole(1, 100), target: isName },
  alert_team: { severity: (value) => ["low", "medium", "high", "critical"].includes(value), channels: isNames },
};
const FIELDS = {
  schema: (value) => value === SCHEMA,
  requires_enterprise: (value) => value === true,
  action: (value) => isText(value) && Object.hasOwn(PARAMETERS, value),
  component: isFull,
  incident_id: isFull,
  detected_at: isTime,
  justification: isText,
  confidence: isNumber(0, 1),
  policy_applied: (value) => value === null || isText(value),
  rollback_hint: (value) => value === null || isText(value),
  parameters: (value) => value instanceof Map,
  reasoning_chain: Array.isArray,
  similar_incidents: Array.isArray,
  evidence: (value) => value instanceof Map,
};

function checkKeys(what, value, keys) {
  for (const key of value.keys()) if (!keys.includes(key)) throw new Error(`${JSON.stringify(key)} is not in ${what}`);
  for (const key of keys) if (!value.has(key)) throw new Error(`${key} of ${what} is missing`);
}

function checkDepth(value, room) {
  if (value === null || typeof value !== "object") return;
  if (room === 0) throw new Error(`values are nested more than ${MAX_DEPTH} deep`);
  for (const item of value.values()) checkDepth(item, room - 1);
}

function checkIntent(intent) {
  if (!(intent instanceof Map)) throw new Error("an intent is a JSON object");
  checkKeys(SCHEMA, intent, KEYS);
  for (const [key, holds] of Object.entries(FIELDS)) {
    if (!holds(intent.get(key))) throw new Error(`${key} breaks its rule: ${canonical(intent.get(key)).slice(0, 80)}`);
  }
  const rules = PARAMETERS[intent.get("action")];
  checkKeys("parameters", intent.get("parameters"), Object.keys(rules));
  for (const [key, holds] of Object.entries(rules)) {
    if (!holds(intent.get("parameters").get(key))) throw new Error(`${key} of parameters breaks its rule`);
  }
  for (const key of CONTEXT) checkDepth(intent.get(key), MAX_DEPTH);
  for (const [key, computed] of Object.entries(recomputed(intent))) {
    if (intent.get(key) !== computed) throw new Error(`${key} is ${intent.get(key)}, the content gives ${computed}`);
  }
}

function receipt(intent) {
  const fields = part(intent, ["intent_id", "digest", "action", "component", "detected_at"]);
  const reserved = (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  const component = encodeURIComponent(intent.get("component")).replace(/[!'()*]/g, reserved);
  const check = digest(RECEIPT_DOMAIN, fields).slice("sha256:".length, "sha256:".length + 16);
  return ["arf-receipt/1", ...new Map([...fields, ["component", component]]).values(), check].join(" ");
}

// ---- golden vectors --------------------------------------------------------------------------------------------------

const equal = (what, stated, computed) => {
  if (stated !== computed) throw new Error(`${what} is ${stated}, this implementation computes ${computed}`);
};

function checkAccepted(vector) {
  const intent = parse(vector.get("text"));
  checkIntent(intent);
  for (const [key, computed] of Object.entries(recomputed(intent))) equal(key, vector.get(key), computed);
  equal("canonical", vector.get("canonical"), canonical(intent));
  equal("receipt", vector.get("receipt"), receipt(intent));
}

function checkRefused(vector) {
  try {
    checkIntent(parse(vector.get("text")));
  } catch (error) {
    if (error.message.includes(vector.get("names"))) return;
    throw new Error(`refused for another reason than ${vector.get("names")}: ${error.message}`);
  }
  throw new Error("accepted, and must be refused");
}

const checkCanonical = (vector) => equal("canonical", vector.get("canonical"), canonical(parse(vector.get("text"))));

const VECTORS = { canonical: checkCanonical, accepted: checkAccepted, refused: checkRefused };

// ---- files -----------------------------------------------------------------------------------------------------------

function* intentsIn(value) {
  if (value instanceof Map && value.get("schema") === SCHEMA) yield value;
  else if (value !== null && typeof value === "object") for (const item of value.values()) yield* intentsIn(item);
}

function* documents(text) {
  const lines = text.split("\n").map((line, index) => [`line ${index + 1}`, line]).filter(([, line]) => line.trim());
  const isLines = lines.length > 1 && lines.some(([, line]) => line.startsWith('{"') && line.trimEnd().endsWith("}"));
  const isArray = text.trim().startsWith("[") && text.trim().endsWith("]");
  if (isLines && !isArray) yield* lines;
  else yield ["the document", text];
}

function* checksOf(text) {
  for (const [where, document] of documents(text)) {
    let value;
    try {
      value = parse(document);
    } catch (error) {
      yield [where, () => { throw error; }];
      continue;
    }
    if (value instanceof Map && Object.keys(VECTORS).every((key) => value.has(key))) {
      for (const [kind, check] of Object.entries(VECTORS)) {
        for (const vector of value.get(kind)) yield [`${kind}: ${vector.get("name")}`, () => check(vector)];
      }
    } else {
      for (const intent of intentsIn(value)) yield [`${where}: ${intent.get("intent_id")}`, () => checkIntent(intent)];
    }
  }
}

function checkFile(path) {
  const result = { checked: 0, bad: 0 };
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
  for (const [where, check] of checksOf(text)) {
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
  if (paths.length === 0) console.error("usage: node check.mjs vectors.json | FILE...");
  return code;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = main(process.argv.slice(2));

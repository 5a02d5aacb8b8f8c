// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { applyChoice, caretContext, choicesAt, type Expectation } from "../src/filter/completion";
import type { Column } from "../src/types";

const column = (name: string, kind: Column["kind"], values?: string[]): Column => ({
  name,
  title: name.replace(/_/g, " "),
  group: "x",
  kind,
  filterable: true,
  default: name === "app",
  ...(values ? { values } : {}),
});
const columns = [
  column("action", "enum", ["allow", "deny", "drop ICMP"]),
  column("action_source", "enum", ["from-policy"]),
  column("app", "text"),
  column("addr.src", "address"),
  column("bytes", "number"),
  column("receive_time", "time"),
  column("session_end_reason", "enum", ["aged-out", "tcp-fin", "tcp-rst-from-client", "tcp-rst-from-server", "threat"]),
  { ...column("evidence", "text"), filterable: false },
];
const never = async () => assert.fail("the server was asked");
// The caret stands at the bar.
const at = (text: string) => ({ text: text.replace("|", ""), caret: text.indexOf("|") });
const labels = async (marked: string, ask: (column: string, prefix: string) => Promise<string[]> = never) => {
  const { text, caret } = at(marked);
  return (await choicesAt(text, caret, columns, ask)).choices.map((choice) => choice.label);
};

const places: [string, string, Expectation, string, string][] = [
  ["an empty bar wants a field", "|", "field", "", ""],
  ["an open bracket wants a field", "( |", "field", "", ""],
  ["a field that is being typed", "( ac|", "field", "ac", ""],
  ["not wants a field", "not |", "field", "", ""],
  ["a field and a blank want an operator", "( app |", "operator", "", "app"],
  ["an operator that is being typed", "( app ne|", "operator", "ne", "app"],
  ["an operator and a blank want a value", "( app eq |", "value", "", "app"],
  ["not in is one operator", "( app not in |", "value", "", "app"],
  ["a value that is being typed", "( app eq ss|", "value", "ss", "app"],
  ["a quoted value that is open", "( rule eq 'My r|", "value", "My r", "rule"],
  ["a value and a blank want a joining word", "( app eq ssl |", "connective", "", "app"],
  ["a closed bracket wants a joining word", "( app eq ssl ) |", "connective", "", "app"],
  ["and wants a field again", "( app eq ssl ) and |", "field", "", "app"],
  ["a list goes on after a comma", "app in ( ssl, |", "value", "", "app"],
  ["a list may be parted by blanks", "app in ( ssl |", "value", "", "app"],
  ["a closed list wants a joining word", "app in ( ssl ssh ) |", "connective", "", "app"],
  ["a comma without brackets goes on", "app in ssl, |", "value", "", "app"],
  ["what stands behind the caret is not looked at", "( ap| eq ssl ) and ( x", "field", "ap", ""],
];
for (const [sentence, marked, expects, typed, name] of places)
  test(`completion: ${sentence}`, () => {
    const { text, caret } = at(marked);
    const context = caretContext(text, caret);
    assert.equal(context.expects, expects);
    assert.equal(context.typed, typed);
    if (name) assert.equal(context.column, name);
  });

test("completion: fields that start with what was typed come before those that hold it", async () => {
  assert.deepEqual(await labels("( act|"), ["action", "action_source"]);
  assert.deepEqual((await labels("( reason|"))[0], "session_end_reason");
});

test("completion: a column that cannot be filtered is not offered", async () => {
  assert.deepEqual(await labels("evid|"), []);
});

test("completion: operators are those of the column's kind", async () => {
  assert.ok((await labels("( bytes |")).includes("geq"));
  assert.ok(!(await labels("( app |")).includes("geq"));
  assert.equal((await labels("( addr.src |"))[0], "in");
});

test("completion: values of a vocabulary come from the column, others are asked for", async () => {
  assert.deepEqual(await labels("( session_end_reason eq tcp|"), ["tcp-fin", "tcp-rst-from-client", "tcp-rst-from-server"]);
  const asked: string[] = [];
  const ask = async (name: string, prefix: string) => {
    asked.push(`${name}:${prefix}`);
    return ["ssl", "ssh"];
  };
  assert.deepEqual(await labels("( app eq ss|", ask), ["ssl", "ssh"]);
  assert.deepEqual(asked, ["app:ss"]);
});

test("completion: an unknown field has operators and no values", async () => {
  assert.ok((await labels("( nonsense |")).includes("eq"));
  assert.deepEqual(await labels("( nonsense eq |"), []);
});

test("completion: a choice replaces what was typed and leaves the rest", () => {
  const { text, caret } = at("( ses| eq threat )");
  const context = caretContext(text, caret);
  const next = applyChoice(text, caret, context, { text: "session_end_reason", label: "", detail: "" });
  assert.equal(next.text, "( session_end_reason eq threat )");
  assert.equal(next.text.slice(0, next.caret), "( session_end_reason ");
});

test("completion: a value with a blank is quoted, and an open quotation mark is not doubled", async () => {
  const { text, caret } = at("( action eq 'dro|' )");
  const { context, choices } = await choicesAt(text, caret, columns, never);
  const choice = choices[0];
  assert.ok(choice);
  assert.equal(applyChoice(text, caret, context, choice).text, "( action eq 'drop ICMP' )");
});

// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { addClause, comparison, comparisonOfBare, quoteValue } from "../src/filter/clauses";
import { tokenize } from "../src/filter/tokens";

test("clauses: a value is quoted where the language needs it", () => {
  assert.equal(quoteValue("ssl"), "ssl");
  assert.equal(quoteValue("10.0.0.1/8"), "10.0.0.1/8");
  assert.equal(quoteValue("2001:db8::1"), "2001:db8::1");
  assert.equal(quoteValue("My rule"), "'My rule'");
  assert.equal(quoteValue("O'Brien"), "'O\\'Brien'");
  assert.equal(quoteValue("corp\\bob"), "'corp\\\\bob'");
  assert.equal(quoteValue("and"), "'and'");
  assert.equal(quoteValue(""), "''");
});

test("clauses: what was quoted is read back as the same value", () => {
  for (const value of ["My rule", "O'Brien", "corp\\bob", 'say "x"', "a\\'b", "ends with \\", "größe", "( app eq x )"])
    assert.deepEqual(tokenize(quoteValue(value)).map((token) => token.text), [value]);
});

test("clauses: an address or a port alone becomes its comparison, and nothing else does", () => {
  assert.equal(comparisonOfBare(" 10.1.1.1 "), "( addr in 10.1.1.1 )");
  assert.equal(comparisonOfBare("10.0.0.0/8"), "( addr in 10.0.0.0/8 )");
  assert.equal(comparisonOfBare("10.1.1.1:443"), "( addr in 10.1.1.1 ) and ( port.dst eq 443 )");
  assert.equal(comparisonOfBare("2001:db8::1"), "( addr in 2001:db8::1 )");
  assert.equal(comparisonOfBare("fe80::/10"), "( addr in fe80::/10 )");
  assert.equal(comparisonOfBare("443"), "( port.dst eq 443 )");
  for (const other of ["", "70000", "dns", "( app eq ssl )", "10.1.1", "12:30", "10.1.1.1 10.2.2.2"]) assert.equal(comparisonOfBare(other), null, other);
});

test("clauses: a cell becomes the comparison that Monitor > Logs writes", () => {
  assert.equal(comparison("src", "address", "10.1.1.1", true), "( addr.src in 10.1.1.1 )");
  assert.equal(comparison("src", "address", "10.1.1.1", false), "( addr.src notin 10.1.1.1 )");
  assert.equal(comparison("dport", "number", 443, true), "( port.dst eq 443 )");
  assert.equal(comparison("rule", "text", "My rule", false), "( rule neq 'My rule' )");
  assert.equal(comparison("srcuser", "text", undefined, true), "( user.src eq '' )");
  assert.equal(comparison("contradictions", "enum", [], true), "( contradictions eq none )");
  assert.equal(comparison("_file", "text", "x", true), null);
});

test("clauses: and takes all of what stood there", () => {
  assert.equal(addClause("", "( app eq ssl )"), "( app eq ssl )");
  assert.equal(addClause("( a eq 1 )", "( b eq 2 )"), "( a eq 1 ) and ( b eq 2 )");
  assert.equal(addClause("( a eq 1 ) or ( c eq 3 )", "( b eq 2 )"), "( ( a eq 1 ) or ( c eq 3 ) ) and ( b eq 2 )");
  assert.equal(addClause("( ( a eq 1 ) or ( c eq 3 ) )", "( b eq 2 )"), "( ( a eq 1 ) or ( c eq 3 ) ) and ( b eq 2 )");
  assert.equal(addClause("( rule eq 'this or that' )", "( b eq 2 )"), "( rule eq 'this or that' ) and ( b eq 2 )");
});

test("clauses: the same comparison is not added twice", () => {
  const once = addClause("( a eq 1 )", "( b eq 2 )");
  assert.equal(addClause(once, "( b eq 2 )"), once);
  assert.equal(addClause(once, "( a eq 1 )"), once);
});

// SPDX-License-Identifier: Apache-2.0
// The filter bar: speaks the PAN-OS filter language, completes it, and shows the place of a mistake.
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, getJson, type ApiProblem } from "../api";
import { loadColumns } from "../columns";
import { comparisonOfBare, quoteValue } from "../filter/clauses";
import { applyChoice, choicesAt, type CaretContext, type Choice } from "../filter/completion";
import { useKeys } from "../hooks";
import type { FilterCheck } from "../types";
import { LineIcon } from "./icons";

interface Props {
  filter: string;
  from: string;
  to: string;
  onApply: (filter: string) => void;
}

interface Suggestions {
  context: CaretContext;
  choices: Choice[];
  chosen: number; // -1: none, Enter applies the filter
}

const askValues = (from: string, to: string) => (column: string, prefix: string) =>
  getJson<string[]>("/complete", { column, prefix, from, to }).catch(() => []);

export function FilterBar({ filter, from, to, onApply }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(filter);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const [open, setOpen] = useState<Suggestions | null>(null);
  const round = useRef(0);

  useEffect(() => {
    setText(filter);
    setProblem(null);
    setOpen(null);
  }, [filter]);
  useKeys({ "/": () => input.current?.focus() });

  const suggest = async (value: string, caret: number) => {
    const mine = (round.current += 1);
    const columns = await loadColumns().catch(() => []);
    const { context, choices } = await choicesAt(value, caret, columns, askValues(from, to));
    if (mine !== round.current || document.activeElement !== input.current) return;
    // A word that is complete needs no list of itself.
    const only = choices.length === 1 && choices[0]?.label === context.typed;
    // What is typed now may be more than what was asked for.
    if (input.current?.value !== value) return;
    setOpen(choices.length > 0 && !only ? { context, choices, chosen: -1 } : null);
  };

  const close = () => {
    round.current += 1;
    setOpen(null);
  };

  const take = (choice: Choice) => {
    const field = input.current;
    if (!open || !field) return;
    const next = applyChoice(field.value, field.selectionStart ?? field.value.length, open.context, choice);
    // At once, not with the next drawing: who types on must not type into the old text.
    field.value = next.text;
    field.focus();
    field.setSelectionRange(next.caret, next.caret);
    setText(next.text);
    setProblem(null);
    setOpen(null);
    void suggest(next.text, next.caret);
  };

  const apply = async (value: string) => {
    close();
    const wanted = comparisonOfBare(value) ?? value.trim();
    setText(wanted);
    try {
      if (wanted !== "") await getJson<FilterCheck>("/filter/check", { filter: wanted });
      setProblem(null);
      onApply(wanted);
    } catch (error) {
      if (error instanceof ApiError) setProblem(adviseWord(wanted, error.problem));
    }
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const count = open?.choices.length ?? 0;
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !open) {
      void suggest(text, input.current?.selectionStart ?? text.length);
    } else if (event.key === "ArrowDown" && open) {
      setOpen({ ...open, chosen: (open.chosen + 1) % count });
    } else if (event.key === "ArrowUp" && open) {
      setOpen({ ...open, chosen: open.chosen <= 0 ? count - 1 : open.chosen - 1 });
    } else if (event.key === "Tab" && open && !event.shiftKey) {
      const choice = open.choices[Math.max(open.chosen, 0)];
      if (choice) take(choice);
    } else if (event.key === "Enter") {
      const choice = open?.choices[open.chosen];
      if (choice) take(choice);
      else void apply(text);
    } else if (event.key === "Escape") {
      if (open) close();
      else if (text !== filter) {
        setText(filter);
        setProblem(null);
      } else input.current?.blur();
    } else return;
    event.preventDefault();
  };

  const onInput = (event: Event) => {
    const field = event.currentTarget as HTMLInputElement;
    setText(field.value);
    setProblem(null);
    void suggest(field.value, field.selectionStart ?? field.value.length);
  };

  return (
    <div class="filter-bar">
      <div class={`filter-field ${problem ? "has-problem" : ""}`}>
        <LineIcon name="search" />
        <input
          ref={input}
          type="text"
          role="combobox"
          class="mono"
          aria-label="Filter, in the PAN-OS filter language"
          aria-expanded={open !== null}
          aria-controls="filter-choices"
          aria-autocomplete="list"
          aria-activedescendant={open && open.chosen >= 0 ? `choice-${open.chosen}` : undefined}
          aria-invalid={problem !== null}
          aria-describedby={problem ? "filter-problem" : undefined}
          placeholder="( addr.src in 10.0.0.0/8 ) and ( final_action eq blocked )"
          spellcheck={false}
          autocomplete="off"
          autocapitalize="off"
          value={text}
          onInput={onInput}
          onKeyDown={onKeyDown}
          onClick={() => void suggest(text, input.current?.selectionStart ?? text.length)}
          onBlur={close}
        />
        {text !== "" && (
          <button type="button" class="bare" aria-label="Clear the filter" onClick={() => void apply("")}>
            <LineIcon name="close" size={12} />
          </button>
        )}
        <button type="button" class="primary" onClick={() => void apply(text)}>
          Apply
        </button>
      </div>
      {open && (
        <ul id="filter-choices" role="listbox" class="choices" aria-label="Completions">
          {open.choices.map((choice, index) => (
            <li
              key={choice.text}
              id={`choice-${index}`}
              role="option"
              aria-selected={index === open.chosen}
              onPointerDown={(event) => {
                event.preventDefault(); // keeps the focus in the bar
                take(choice);
              }}
            >
              <span class="mono">{choice.label}</span>
              <span class="muted">{choice.detail}</span>
            </li>
          ))}
          <li class="choices-hint" aria-hidden="true">
            <kbd>Tab</kbd> takes the first, <kbd>↓</kbd> goes through them, <kbd>Enter</kbd> applies the filter
          </li>
        </ul>
      )}
      {problem && <FilterProblem filter={text.trim()} problem={problem} onTake={(name) => replaceAt(name)} />}
    </div>
  );

  // Puts the nearest name in place of the word that is wrong.
  function replaceAt(name: string) {
    const lead = text.length - text.trimStart().length;
    const begin = lead + (problem?.column ?? 1) - 1;
    const end = begin + (/^[^\s(),]*/.exec(text.slice(begin))?.[0].length ?? 0);
    const next = text.slice(0, begin) + name + text.slice(end);
    setText(next);
    setProblem(null);
    input.current?.focus();
  }
}

// A word alone is most often an application, or a part of a rule's name.
function adviseWord(filter: string, problem: ApiProblem): ApiProblem {
  if (!/^[^\s()]+$/.test(filter)) return problem;
  const word = quoteValue(filter.replace(/^['"]|['"]$/g, ""));
  return { ...problem, remedy: `A word alone says not where to look. Say the column: ( app eq ${word} ), ( rule contains ${word} ), ( session_end_reason eq ${word} )` };
}

// The filter once more with a caret under the place, as the command line shows it.
export function FilterProblem({ filter, problem, onTake }: { filter: string; problem: ApiProblem; onTake?: (name: string) => void }) {
  const caret = problem.column ? `${" ".repeat(problem.column - 1)}^` : "";
  return (
    <div id="filter-problem" class="filter-problem" role="alert">
      <strong>{problem.message.split("\n")[0]}</strong>
      {caret && <pre>{`${filter}\n${caret}`}</pre>}
      {problem.nearest && problem.nearest.length > 0 && (
        <p>
          Did you mean{" "}
          {problem.nearest.map((name) => (
            <button key={name} type="button" class="small" onClick={() => onTake?.(name)}>
              {name}
            </button>
          ))}
          ?
        </p>
      )}
      {problem.remedy && <p>{problem.remedy}</p>}
    </div>
  );
}

// SPDX-License-Identifier: Apache-2.0
// Copying to the clipboard, and a menu under a button.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { LineIcon } from "./icons";

// Beyond loopback without TLS there is no clipboard for scripts; the old way works there.
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

export function CopyButton({ text, label }: { text: string; label: string }) {
  const [state, setState] = useState<"" | "copied" | "failed">("");
  useEffect(() => {
    if (state === "") return;
    const timer = setTimeout(() => setState(""), 1600);
    return () => clearTimeout(timer);
  }, [state]);
  const press = async () => setState((await copyText(text)) ? "copied" : "failed");
  return (
    <button type="button" class="small" onClick={press} aria-live="polite">
      <LineIcon name="copy" size={12} />
      {state === "copied" ? "Copied" : state === "failed" ? "Select it by hand" : label}
    </button>
  );
}

export function Menu({ label, icon, children }: { label: string; icon: Parameters<typeof LineIcon>[0]["name"]; children: ComponentChildren }) {
  const root = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const outside = (event: Event) => {
      const open = root.current;
      if (open?.open && !open.contains(event.target as Node)) open.open = false;
    };
    const escape = (event: KeyboardEvent) => {
      const open = root.current;
      if (event.key !== "Escape" || !open?.open) return;
      open.open = false;
      open.querySelector("summary")?.focus();
      event.preventDefault();
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("keydown", escape, true);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("keydown", escape, true);
    };
  }, []);
  return (
    <details class="menu" ref={root}>
      <summary class="button">
        <LineIcon name={icon} />
        <span class="button-word">{label}</span>
      </summary>
      <div class="menu-body">{children}</div>
    </details>
  );
}

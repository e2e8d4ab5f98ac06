/** The phone's screen in a terminal: every prompt in words, and the person's answer typed. */
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import type { Phone, Prompt, PromptAnswer } from "./phone.ts";
import { showPortal } from "./portal-screen.ts";

/** Where questions are put. */
export interface Terminal {
  print(line: string): void;
  /** The line that was typed, or undefined when `signal` aborted first. */
  ask(question: string, options: { hidden: boolean; signal: AbortSignal }): Promise<string | undefined>;
  /** Calls `listener` when the person wants to leave (Ctrl-C, or the input ended). */
  onLeave(listener: () => void): void;
  close(): void;
}

/** A terminal over two streams. What is typed hidden isn't echoed. */
export function createTerminal(streams: {
  input: NodeJS.ReadableStream;
  output: NodeJS.WritableStream;
}): Terminal {
  const { input, output } = streams;
  let muted = false;
  const echo = new Writable({
    write(chunk: Buffer | string, _encoding, done) {
      if (!muted) output.write(chunk);
      done();
    },
  });
  // Without history: the arrow keys would bring the password back.
  const lines = createInterface({ input, output: echo, terminal: true, historySize: 0 });
  // A line typed while nothing is asked, or one more than asked, answers nothing.
  let taker: ((line: string) => void) | undefined;
  lines.on("line", (line) => taker?.(line));
  return {
    print: (line) => void output.write(`${line}\n`),
    ask(question, { hidden, signal }) {
      return new Promise((resolve) => {
        const finish = (line: string | undefined): void => {
          taker = undefined;
          signal.removeEventListener("abort", withdraw);
          if (hidden && muted) output.write("\n");
          muted = false;
          resolve(line);
        };
        const withdraw = (): void => finish(undefined);
        if (signal.aborted) return resolve(undefined);
        signal.addEventListener("abort", withdraw, { once: true });
        output.write(question);
        lines.setPrompt(question.split("\n").at(-1) ?? ""); // drawn again when the person edits the line
        muted = hidden;
        taker = finish;
      });
    },
    onLeave(listener) {
      lines.on("SIGINT", listener);
      lines.on("close", listener);
    },
    close: () => lines.close(),
  };
}

/**
 * Puts each prompt of the phone to the person at the terminal, until the phone's screen is let go of with the answer. While there is
 * none, the company portal takes what is typed.
 */
export function showInTerminal(phone: Phone, terminal: Terminal): () => void {
  let asked: { id: string; controller: AbortController } | undefined;
  let portal: AbortController | undefined;

  function openPortal(): void {
    if (portal) return;
    portal = new AbortController();
    void showPortal(phone, terminal, portal.signal);
  }

  function look(): void {
    const { prompt } = phone.view();
    if (prompt && prompt.id === asked?.id) return;
    asked?.controller.abort();
    asked = undefined;
    if (!prompt) return openPortal();
    portal?.abort();
    portal = undefined;
    const controller = new AbortController();
    asked = { id: prompt.id, controller };
    void put(prompt, controller.signal);
  }

  async function put(prompt: Prompt, signal: AbortSignal): Promise<void> {
    terminal.print(`\n${prompt.title}\n${prompt.text}`);
    const answer = await read(prompt, signal);
    if (answer && !signal.aborted && phone.view().prompt?.id === prompt.id) phone.answer(prompt.id, answer);
    else if (signal.aborted) terminal.print("(no longer asked)");
  }

  async function read(prompt: Prompt, signal: AbortSignal): Promise<PromptAnswer | undefined> {
    const choice = await readChoice(prompt, signal);
    if (choice === undefined) return undefined;
    const answer: { choice: string; appleId?: string; password?: string } = { choice };
    if (choice !== prompt.choices.at(-1)) return answer;
    for (const field of prompt.fields) {
      const value = await readField(field, signal);
      if (value === undefined) return undefined;
      answer[field] = value;
    }
    return answer;
  }

  async function readChoice(prompt: Prompt, signal: AbortSignal): Promise<string | undefined> {
    const menu = prompt.choices.map((choice, index) => `${index + 1} ${choice}`).join("   ");
    while (!signal.aborted) {
      const typed = await terminal.ask(`  ${menu}\n> `, { hidden: false, signal });
      if (typed === undefined) return undefined;
      const wanted = typed.trim().toLowerCase();
      const choice =
        prompt.choices[Number(wanted) - 1] ??
        prompt.choices.find((name) => wanted !== "" && name.toLowerCase().startsWith(wanted));
      if (choice !== undefined) return choice;
      terminal.print(`Type a number from 1 to ${prompt.choices.length}, or the word.`);
    }
    return undefined;
  }

  async function readField(field: "appleId" | "password", signal: AbortSignal): Promise<string | undefined> {
    while (!signal.aborted) {
      const hidden = field === "password";
      const value = await terminal.ask(hidden ? "Password: " : "Apple ID: ", { hidden, signal });
      if (value === undefined || value !== "") return value;
    }
    return undefined;
  }

  const end = phone.onChange(look);
  look();
  return () => {
    end();
    asked?.controller.abort();
    portal?.abort();
  };
}

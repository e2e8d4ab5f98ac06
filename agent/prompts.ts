import { PippinError } from "../shared/errors.ts";
import type { Recorder } from "../shared/trace.ts";
import type { World } from "../shared/world.ts";
import type { NoticeCode, Prompt, PromptAnswer, PromptKind, PromptSubject } from "./phone.ts";
import { Halted, throwIfHalted } from "./tasks.ts";

/** Past so many open questions a further one counts as declined: nobody will ever see it. */
const waitingMax = 32;

/** Sheets that the App Store puts up. While one waits, the store takes no further install. */
const storeKinds: ReadonlySet<PromptKind> = new Set([
  "appInstallation",
  "appleIdSignIn",
  "storeTerms",
  "managementChange",
  "appUpdate",
]);

export interface Question {
  readonly kind: PromptKind;
  readonly title: string;
  readonly text: string;
  readonly choices: readonly [string, ...string[]];
  readonly fields?: Prompt["fields"];
  readonly app?: { readonly adamId: string; readonly name: string };
  readonly wrongPasswords?: number;
  readonly subject?: PromptSubject;
  /** What led to it, for the record. */
  readonly commandUUID?: string;
}

/** Something that needs no decision. */
export interface Notice {
  readonly code: NoticeCode;
  readonly title: string;
  readonly text: string;
  readonly minutes?: number | undefined;
}

export interface GivenAnswer extends PromptAnswer {
  /** The last choice, which agrees. */
  readonly agreed: boolean;
  /** `seq` of the event that recorded the answer. */
  readonly cause: number;
}

/** The phone's screen: one sheet at a time, first come first served, and none while the phone is locked. */
export interface Prompts {
  /** The sheet on the screen, if one is to be seen now. */
  open(): Prompt | null;
  /** Whether the App Store waits for the person. */
  storeIsAsking(): boolean;
  /** Resolves with the answer; throws Halted when `signal` aborts, which also takes the sheet away. */
  ask(question: Question, signal: AbortSignal): Promise<GivenAnswer>;
  /** Tells something that needs no decision. Dropped when too much waits already. */
  tell(notice: Notice): void;
  /** Throws PippinError `conflict` when that sheet isn't on the screen, `invalid_request` for an answer it doesn't take. */
  answer(promptId: string, answer: PromptAnswer): void;
  /** To be called when the phone was locked or unlocked. */
  refresh(): void;
}

interface Waiting {
  readonly prompt: Prompt;
  readonly commandUUID: string | undefined;
  /** Undefined until it was on the screen. */
  shown: number | undefined;
  readonly settle: (answer: GivenAnswer) => void;
}

export function createPrompts(options: {
  world: World;
  recorder: Recorder;
  udid: string;
  locked(): boolean;
  changed(): void;
}): Prompts {
  const { world, recorder, udid, locked, changed } = options;
  const waiting: Waiting[] = [];

  function ids(entry: Waiting): { udid: string; commandUUID?: string; adamId?: string } {
    return {
      udid,
      ...(entry.commandUUID === undefined ? {} : { commandUUID: entry.commandUUID }),
      ...(entry.prompt.adamId === undefined ? {} : { adamId: entry.prompt.adamId }),
    };
  }

  function refresh(): void {
    const first = waiting[0];
    if (first && first.shown === undefined && !locked()) {
      const { id, kind, wrongPasswords } = first.prompt;
      // The text stays out of the record: it may name the Apple ID.
      first.shown = recorder.record("prompt.shown", { ...ids(first), promptId: id, kind, wrongPasswords });
    }
    changed();
  }

  function enqueue(question: Question, settle: (answer: GivenAnswer) => void): Waiting {
    const {
      kind,
      title,
      text,
      choices,
      fields = [],
      app,
      wrongPasswords = 0,
      commandUUID,
      subject,
    } = question;
    const prompt: Prompt = {
      id: world.uuid(),
      kind,
      title,
      text,
      choices,
      fields,
      wrongPasswords,
      ...(app ? { adamId: app.adamId, appName: app.name } : {}),
      ...subject,
    };
    const entry: Waiting = { prompt, commandUUID, shown: undefined, settle };
    waiting.push(entry);
    refresh();
    return entry;
  }

  function takeAway(entry: Waiting): void {
    const index = waiting.indexOf(entry);
    if (index === -1) return;
    waiting.splice(index, 1);
    refresh();
  }

  return {
    open: () => (locked() ? null : (waiting[0]?.prompt ?? null)),
    storeIsAsking: () => waiting.some((entry) => storeKinds.has(entry.prompt.kind)),
    async ask(question, signal) {
      throwIfHalted(signal);
      if (waiting.length >= waitingMax) return { choice: question.choices[0], agreed: false, cause: 0 };
      return new Promise((resolve, reject) => {
        const withdraw = (): void => {
          takeAway(entry);
          reject(new Halted());
        };
        const entry = enqueue(question, (answer) => {
          signal.removeEventListener("abort", withdraw);
          resolve(answer);
        });
        signal.addEventListener("abort", withdraw, { once: true });
      });
    },
    tell({ code, title, text, minutes }) {
      if (waiting.length >= waitingMax) return;
      const subject = { notice: code, ...(minutes === undefined ? {} : { minutes }) };
      enqueue({ kind: "notice", title, text, choices: ["ok"], subject }, () => undefined);
    },
    answer(promptId, answer) {
      const entry = waiting[0];
      if (!entry || entry.prompt.id !== promptId || locked())
        throw new PippinError("conflict", "that prompt is not on the screen (any more)");
      const { choices, fields, kind } = entry.prompt;
      if (!choices.includes(answer.choice))
        throw new PippinError("invalid_request", `this prompt offers ${choices.join(" or ")}`);
      const agreed = answer.choice === choices.at(-1);
      const missing = fields.filter((field) => agreed && !answer[field]);
      if (missing.length > 0)
        throw new PippinError("invalid_request", `this prompt wants ${missing.join(" and ")} typed`);
      waiting.shift();
      const cause = recorder.record("prompt.answered", {
        ...ids(entry),
        promptId,
        kind,
        choice: answer.choice,
        ...(entry.shown === undefined ? {} : { cause: entry.shown }),
      });
      entry.settle({ ...answer, agreed, cause });
      refresh();
    },
    refresh,
  };
}

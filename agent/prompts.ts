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

export interface PromptsOptions {
  readonly world: World;
  readonly recorder: Recorder;
  readonly udid: string;
  locked(): boolean;
  changed(): void;
}

export function createPrompts(options: PromptsOptions): Prompts {
  return new Sheets(options);
}

/** A class, not an object of functions: a fleet has thousands of them. */
class Sheets implements Prompts {
  readonly #options: PromptsOptions;
  readonly #waiting: Waiting[] = [];

  constructor(options: PromptsOptions) {
    this.#options = options;
  }

  open(): Prompt | null {
    return this.#options.locked() ? null : (this.#waiting[0]?.prompt ?? null);
  }

  storeIsAsking(): boolean {
    return this.#waiting.some((entry) => storeKinds.has(entry.prompt.kind));
  }

  async ask(question: Question, signal: AbortSignal): Promise<GivenAnswer> {
    throwIfHalted(signal);
    if (this.#waiting.length >= waitingMax) return { choice: question.choices[0], agreed: false, cause: 0 };
    return new Promise((resolve, reject) => {
      const withdraw = (): void => {
        this.#takeAway(entry);
        reject(new Halted());
      };
      const entry = this.#enqueue(question, (answer) => {
        signal.removeEventListener("abort", withdraw);
        resolve(answer);
      });
      signal.addEventListener("abort", withdraw, { once: true });
    });
  }

  tell({ code, title, text, minutes }: Notice): void {
    if (this.#waiting.length >= waitingMax) return;
    const subject = { notice: code, ...(minutes === undefined ? {} : { minutes }) };
    this.#enqueue({ kind: "notice", title, text, choices: ["ok"], subject }, () => undefined);
  }

  answer(promptId: string, answer: PromptAnswer): void {
    const entry = this.#waiting[0];
    if (!entry || entry.prompt.id !== promptId || this.#options.locked())
      throw new PippinError("conflict", "that prompt is not on the screen (any more)");
    const { choices, fields, kind } = entry.prompt;
    if (!choices.includes(answer.choice))
      throw new PippinError("invalid_request", `this prompt offers ${choices.join(" or ")}`);
    const agreed = answer.choice === choices.at(-1);
    const missing = fields.filter((field) => agreed && !answer[field]);
    if (missing.length > 0)
      throw new PippinError("invalid_request", `this prompt wants ${missing.join(" and ")} typed`);
    this.#waiting.shift();
    const cause = this.#options.recorder.record("prompt.answered", {
      ...this.#ids(entry),
      promptId,
      kind,
      choice: answer.choice,
      ...(entry.shown === undefined ? {} : { cause: entry.shown }),
    });
    entry.settle({ ...answer, agreed, cause });
    this.refresh();
  }

  refresh(): void {
    const first = this.#waiting[0];
    if (first && first.shown === undefined && !this.#options.locked()) {
      const { id, kind, wrongPasswords } = first.prompt;
      // The text stays out of the record: it may name the Apple ID.
      first.shown = this.#options.recorder.record("prompt.shown", {
        ...this.#ids(first),
        promptId: id,
        kind,
        wrongPasswords,
      });
    }
    this.#options.changed();
  }

  #ids(entry: Waiting): { udid: string; commandUUID?: string; adamId?: string } {
    return {
      udid: this.#options.udid,
      ...(entry.commandUUID === undefined ? {} : { commandUUID: entry.commandUUID }),
      ...(entry.prompt.adamId === undefined ? {} : { adamId: entry.prompt.adamId }),
    };
  }

  #enqueue(question: Question, settle: (answer: GivenAnswer) => void): Waiting {
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
      id: this.#options.world.uuid(),
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
    this.#waiting.push(entry);
    this.refresh();
    return entry;
  }

  #takeAway(entry: Waiting): void {
    const index = this.#waiting.indexOf(entry);
    if (index === -1) return;
    this.#waiting.splice(index, 1);
    this.refresh();
  }
}

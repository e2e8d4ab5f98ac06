/** The `pippin` command as its users run it: a process with output and an exit code. */
import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";

const pippin = fileURLToPath(new URL("../../simulator/pippin.mjs", import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class CommandLine {
  readonly #children = new Set<ChildProcess>();

  /** A process that goes on. */
  start(args: readonly string[], env: Record<string, string> = {}): RunningCommand {
    const child = spawn(process.execPath, [pippin, ...args], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#children.add(child);
    child.once("close", () => this.#children.delete(child));
    return new RunningCommand(child);
  }

  /** Runs to its end. */
  run(args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
    return this.start(args, env).ended;
  }

  /** Ends what is still running; to be called after each test. */
  async endAll(): Promise<void> {
    await Promise.all(
      [...this.#children].map(
        (child) =>
          new Promise<void>((resolve) => {
            child.once("close", () => resolve());
            child.kill("SIGKILL");
          }),
      ),
    );
  }
}

export class RunningCommand {
  readonly ended: Promise<Outcome>;
  readonly #child: ChildProcess;
  #stdout = "";
  #stderr = "";
  #look: () => void = () => undefined;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      this.#look();
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
      this.#look();
    });
    this.ended = new Promise((resolve) => {
      child.once("close", (code) => {
        this.#look();
        resolve({ code, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** The first match in what the process has said so far or will say; throws when it ends without. */
  async said(pattern: RegExp): Promise<RegExpExecArray> {
    let over = false;
    const end = this.ended.then(() => (over = true));
    for (;;) {
      const match = pattern.exec(`${this.#stdout}\n${this.#stderr}`);
      if (match) return match;
      if (over) throw new Error(`ended without saying ${pattern}:\n${this.#stdout}\n${this.#stderr}`);
      await Promise.race([end, new Promise<void>((resolve) => (this.#look = resolve))]);
    }
  }
}

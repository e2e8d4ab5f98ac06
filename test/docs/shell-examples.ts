/** The examples of a page of the documentation, run as somebody would who pastes them into a shell. */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startLiveLab, type RunningLab } from "../../simulator/lab.ts";

export interface Example {
  readonly heading: string;
  readonly script: string;
}

/** Every example, under its heading. */
export async function examplesOf(page: string): Promise<Example[]> {
  const text = await readFile(new URL(`../../docs/${page}`, import.meta.url), "utf8");
  return text.split(/^## /m).flatMap((section) => {
    const heading = section.slice(0, section.indexOf("\n"));
    return [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, script = ""]) => ({ heading, script }));
  });
}

/** A lab and an empty folder, for examples that follow one another. */
export class ExampleShell {
  readonly #lab: RunningLab;
  readonly #directory: string;

  private constructor(lab: RunningLab, directory: string) {
    this.#lab = lab;
    this.#directory = directory;
  }

  static async open(): Promise<ExampleShell> {
    const directory = await mkdtemp(join(tmpdir(), "pippin-guide-"));
    const ports = { host: "127.0.0.1", serverPort: 0, applePort: 0 };
    return new ExampleShell(
      await startLiveLab({ seed: "guide", ...ports, progress: () => undefined }),
      directory,
    );
  }

  run(script: string): Promise<{ code: number | null; output: string }> {
    const { serverUrl, adminKey, appleUrl, controlKey } = this.#lab;
    const shell = spawn("bash", ["-eu", "-o", "pipefail", "-c", script], {
      cwd: this.#directory,
      env: { ...process.env, SERVER: serverUrl, KEY: adminKey, APPLE: appleUrl, CONTROL: controlKey },
    });
    let output = "";
    for (const stream of [shell.stdout, shell.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    return new Promise((resolve) => shell.once("close", (code) => resolve({ code, output })));
  }

  async close(): Promise<void> {
    await this.#lab.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

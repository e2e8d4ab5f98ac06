import { spawn } from "node:child_process";
import { constants } from "node:os";
import { PippinError } from "./errors.ts";

const passedOn = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR2"] as const;
/** What a terminal sends to all its processes by itself. */
const fromTerminal: ReadonlySet<string> = new Set(["SIGINT", "SIGQUIT", "SIGHUP"]);

/**
 * Runs a command with this process's input, output and environment, and `env` beside it. Signals that arrive meanwhile go to the
 * command. Answers with its exit code, as a shell has it: 128 and the number of the signal that ended it. Throws PippinError
 * `not_found` when there is no such command, `forbidden` when it can't be executed.
 */
export async function runChild(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<number> {
  const child = spawn(command, args, { stdio: "inherit", env: { ...process.env, ...env } });
  const pass = (signal: NodeJS.Signals): void => {
    // Twice would be more than the person asked for.
    if (process.stdin.isTTY && fromTerminal.has(signal)) return;
    child.kill(signal);
  };
  for (const signal of passedOn) process.on(signal, pass);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once("error", (error: NodeJS.ErrnoException) => reject(refusalOf(command, error)));
      child.once("exit", (code, signal) =>
        resolve(signal === null ? (code ?? 0) : 128 + constants.signals[signal]),
      );
    });
  } finally {
    for (const signal of passedOn) process.off(signal, pass);
  }
}

function refusalOf(command: string, error: NodeJS.ErrnoException): Error {
  if (error.code === "ENOENT")
    return new PippinError("not_found", `There is no command ${command}.`, { cause: error });
  if (error.code === "EACCES")
    return new PippinError("forbidden", `${command} can't be executed.`, { cause: error });
  return error;
}

/** The `pippin` command. Progress and logs go to stderr; stdout carries results. */
import tab from "@bomb.sh/tab/commander";
import { Command, CommanderError } from "commander";
import { registerAgentCommand } from "../agent/main.ts";
import { PippinError, type ProblemCode } from "../shared/errors.ts";
import { DiskError, NetworkError } from "../shared/world.ts";
import { registerAdminCommands } from "./cli/admin/register.ts";
import { registerAppleCommand } from "./cli/apple-command.ts";
import { registerExecCommand } from "./cli/exec-command.ts";
import { registerLabCommands } from "./cli/lab/register.ts";
import { registerRunCommand } from "./cli/run-command.ts";
import { registerTraceCommand } from "./cli/trace-command.ts";
import { registerUpCommand } from "./cli/up-command.ts";
import { registerServerCommand } from "./lab.ts";
import { ApiError } from "./json-client.ts";

/**
 * 0 done or passed; 1 an expectation failed, or the server refused; 2 wrong usage, configuration or scenario; 3 something could not
 * start or be reached.
 */
export const exitCodes = { done: 0, failed: 1, usage: 2, unreachable: 3 } as const;

const usageCodes: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  "usage",
  "configuration_invalid",
  "unknown_scenario",
  "invalid_scenario",
  "malformed_json",
]);

/** Runs one command line. Answers with the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  let exitCode: number = exitCodes.done;
  const program = new Command("pippin")
    .description(
      "an MDM server, Apple's volume-purchase service and a fleet of simulated iPhones on one machine",
    )
    .exitOverride()
    .showHelpAfterError("(add --help for what is possible)");
  const setExitCode = (code: number) => (exitCode = code);
  registerUpCommand(program, setExitCode);
  registerServerCommand(program);
  registerAppleCommand(program);
  registerAgentCommand(program);
  registerRunCommand(program, setExitCode);
  registerTraceCommand(program, setExitCode);
  registerExecCommand(program, setExitCode);
  registerLabCommands(program);
  registerAdminCommands(program);
  // `pippin complete <shell>` prints the script that makes a shell complete all of these.
  tab(program);
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    return report(error);
  }
}

/** One line that says what went wrong and what was expected; a bug shows its stack. */
function report(error: unknown): number {
  // Commander has printed its own message already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  if (error instanceof PippinError) {
    say(`${error.code}: ${error.message}`);
    return usageCodes.has(error.code) ? exitCodes.usage : exitCodes.unreachable;
  }
  if (error instanceof ApiError) {
    say(`${error.code}: ${error.message}`);
    return exitCodeOf(error.status);
  }
  if (error instanceof NetworkError || error instanceof DiskError) {
    say(`${error.code}: ${error.message}`);
    return exitCodes.unreachable;
  }
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return exitCodes.unreachable;
}

/** A wrong request or key is for the caller to put right; another refusal is an answer; the rest is a server in trouble. */
function exitCodeOf(status: number): number {
  if (status === 400 || status === 401 || status === 422) return exitCodes.usage;
  return status < 500 && status !== 429 ? exitCodes.failed : exitCodes.unreachable;
}

function say(line: string): void {
  process.stderr.write(`pippin: ${line}\n`);
}

import { Command, CommanderError } from "commander";
import { describe, expect, it } from "vitest";
import { registerAgentCommand } from "../../agent/main.ts";

function program(): Command {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  registerAgentCommand(command);
  for (const sub of command.commands)
    sub.exitOverride().configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  return command;
}
const run = (...words: string[]): Promise<unknown> =>
  program().parseAsync(["agent", ...words], { from: "user" });
const addresses = ["--enroll", "http://127.0.0.1:9/enroll/token", "--apple", "http://127.0.0.1:9"];

describe("pippin agent", () => {
  it.each([
    ["no addresses", []],
    ["an unknown kind", [...addresses, "--kind", "android"]],
    ["an unknown protocol", [...addresses, "--protocol", "json"]],
    ["an unknown manner", [...addresses, "--auto", "perhaps"]],
    ["an unknown option", [...addresses, "--colour", "red"]],
  ])("refuses %s as a usage error", async (_name, words) => {
    await expect(run(...words)).rejects.toBeInstanceOf(CommanderError);
  });

  it("refuses a serial number that could lead out of its folder", async () => {
    await expect(run(...addresses, "--serial", "../../etc")).rejects.toMatchObject({ code: "usage" });
  });

  it.each(["seventy", "-1", "70000"])("refuses %s as the port of its screen", async (port) => {
    await expect(run(...addresses, "--screen", port)).rejects.toMatchObject({ code: "usage" });
  });

  it("refuses a password file that isn't there", async () => {
    await expect(
      run(...addresses, "--auto", "accept", "--password-file", "/nonexistent/password"),
    ).rejects.toMatchObject({ code: "usage" });
  });
});

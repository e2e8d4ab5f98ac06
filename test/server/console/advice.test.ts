import { describe, expect, it } from "vitest";
import { adviceFor, meaningOf } from "../../../server/console/web/pages/apps/advice.ts";
import { codeAdvice, codeMeanings } from "../../../server/console/web/messages/error-codes.ts";
import { reasonAdvice } from "../../../server/console/web/messages/advice.ts";
import { reasonNames, stateNames } from "../../../server/console/web/messages/installation-words.ts";
import { errorCodes, errorOf } from "../../../server/monitoring/error-codes.ts";
import { installationReasons, installationStates } from "../../../shared/installations.ts";

describe("the advice about an installation", () => {
  it.each(installationReasons)("has a word for %s, and what to do about it", (reason) => {
    expect(reasonNames[reason]).toBeDefined();
    expect(adviceFor({ state: "failed", reason, code: null })).toBe(reasonAdvice[reason]);
  });

  it.each([...new Set(errorCodes.map(({ hex }) => hex))])("knows the meaning of %s", (hex) => {
    expect(meaningOf(hex)).toBe(codeMeanings[hex as keyof typeof codeMeanings]);
    expect(meaningOf(hex)).toBeDefined();
  });

  it("knows no code and no reason that there isn't", () => {
    const hexes = new Set(errorCodes.map(({ hex }) => hex));
    expect(Object.keys(codeMeanings).filter((hex) => !hexes.has(hex))).toEqual([]);
    expect(Object.keys(codeAdvice).filter((hex) => !hexes.has(hex))).toEqual([]);
    expect(Object.keys(reasonAdvice).sort()).toEqual([...installationReasons].sort());
    expect(Object.keys(stateNames).sort()).toEqual([...installationStates].sort());
    expect(meaningOf("0x00000000")).toBeUndefined();
    expect(adviceFor({ state: "failed", reason: "constructor", code: null })).toBeUndefined();
  });

  it("follows the phone's own answer where it gave one, and the reason where the code says no more", () => {
    const refused = { state: "failed", reason: "install-refused" } as const;
    expect(adviceFor({ ...refused, code: "0x87D13B94" })).toBe(codeAdvice["0x87D13B94"]);
    expect(adviceFor({ ...refused, code: "0x87D1138B" })).toBe(reasonAdvice["install-refused"]);
    expect(adviceFor({ state: "failed", reason: "no-license", code: "0x87D13B7E" })).toBe(
      reasonAdvice["no-license"],
    );
    // Without a reason the code alone tells what the phone waits for.
    const waiting = {
      state: "installing",
      reason: null,
      appState: "PromptingForLogin",
      deviceError: null,
    } as const;
    const code = errorOf(waiting)?.hex ?? null;
    expect(adviceFor({ ...waiting, code })).toBe(codeAdvice["0x87D13B99"]);
  });

  it("has nothing to say of what is well", () => {
    expect(adviceFor({ state: "installed", reason: null, code: null })).toBeUndefined();
    expect(adviceFor({ state: "waitingForTerms", reason: null, code: null })).toBeDefined();
  });
});

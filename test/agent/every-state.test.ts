import { describe, expect, it } from "vitest";
import { managedAppStates, reportedOnce } from "../../shared/app-states.ts";
import { AppleLab, notes, tasks } from "./apple-lab.ts";
import { ways } from "./ways-to-states.ts";

const managedList = { RequestType: "ManagedApplicationList" };

describe("a phone", () => {
  it.each(managedAppStates.map((state) => [state, ways[state]] as const))(
    "can have an app %s, and tells the server so",
    async (state, { config, app = notes, go }) => {
      const lab = await AppleLab.open(config);
      await go(lab);
      expect(await lab.reported("list", app)).toBe(state);
    },
  );
});

describe("an ending that is reported once", () => {
  const endings = [...reportedOnce].map((state) => [
    state,
    state === "UpdateRejected" ? "Managed" : undefined,
  ]);

  async function labWith(state: string): Promise<AppleLab> {
    const way = ways[state as keyof typeof ways];
    const lab = await AppleLab.open(way.config);
    await way.go(lab);
    return lab;
  }

  it.each(endings)("(%s) is in one list and no longer in the next (C4)", async (state, after) => {
    const lab = await labWith(state as string);
    expect(await lab.reported("first")).toBe(state);
    expect(await lab.reported("second")).toBe(after);
    expect(await lab.reported("third")).toBe(after);
  });

  it.each(endings)("(%s) isn't used up by lists about other apps", async (state, after) => {
    const lab = await labWith(state as string);
    for (const name of ["other-1", "other-2"])
      expect(await lab.perform(name, { ...managedList, Identifiers: [tasks.bundleId] })).toMatchObject({
        ManagedApplicationList: {},
      });
    // A list that asks for it among others is its report as much as any.
    const both = { ...managedList, Identifiers: [tasks.bundleId, notes.bundleId] };
    expect(await lab.perform("first", both)).toMatchObject({
      ManagedApplicationList: { [notes.bundleId]: { Status: state } },
    });
    expect(await lab.reported("second")).toBe(after);
  });

  it.each(endings)("(%s) waits for its report over a restart", async (state, after) => {
    const lab = await labWith(state as string);
    await lab.phone.kill();
    await lab.start();
    await lab.rest();
    expect(await lab.reported("first")).toBe(state);
    await lab.phone.kill();
    await lab.start();
    await lab.rest();
    expect(await lab.reported("second")).toBe(after);
  });

  it.each(endings)(
    "(%s) stays until the server has the list: the stored list comes again, word for word, and is the one report",
    async (state, after) => {
      const lab = await labWith(state as string);
      const first = await lab.perform("first", managedList);
      await lab.phone.kill();
      await lab.start();
      await lab.rest();
      // What nobody acknowledged is said again by itself, and also when the command comes a second time.
      expect(lab.connection.reports).toEqual([first]);
      expect(lab.state()).toBe(state);
      expect(await lab.perform("first", managedList)).toEqual(first);
      expect(first).toMatchObject({ ManagedApplicationList: { [notes.bundleId]: { Status: state } } });
      lab.connection.acknowledge();
      await lab.rest();
      expect(lab.state()).toBe(after ?? "absent");
      expect(await lab.reported("second")).toBe(after);
    },
  );
});

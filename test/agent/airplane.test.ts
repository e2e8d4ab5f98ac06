import { describe, expect, it } from "vitest";
import { settle } from "./fake-world.ts";
import { startLab } from "./phone-lab.ts";

describe("airplane mode", () => {
  it("drops the connection and makes no other, until the person switches it off", async () => {
    const lab = await startLab();
    expect(lab.phone.view()).toMatchObject({ connected: true, airplane: false });
    lab.phone.setAirplane(true);
    await settle();
    expect(lab.phone.view()).toMatchObject({ connected: false, airplane: true });
    await lab.world.advance(10 * 60_000);
    expect(lab.server.connections).toHaveLength(1);
    expect(lab.phone.view().trouble?.message).toContain("unreachable");

    lab.phone.setAirplane(false);
    await settle();
    // At once, not when the wait that had become long is over.
    expect(lab.phone.view()).toMatchObject({ connected: true, airplane: false, trouble: null });
    expect(lab.server.connections).toHaveLength(2);
  });

  it("keeps the App Store away too", async () => {
    const lab = await startLab();
    const credentials = { appleId: "anna@icloud.example", password: "windfall" };
    lab.phone.setAirplane(true);
    const away = lab.phone.signIn(credentials).catch((error: unknown) => error);
    await lab.world.advance(60_000);
    expect(await away).toMatchObject({ code: "unavailable" });
    lab.phone.setAirplane(false);
    const there = lab.phone.signIn(credentials).then(
      () => "signed in",
      (error: unknown) => (error as { code: string }).code,
    );
    await lab.world.advance(1_000);
    // Whatever Apple says to it, it was asked.
    expect(await there).not.toBe("unavailable");
  });

  it("stays on through a restart", async () => {
    const lab = await startLab();
    lab.phone.setAirplane(true);
    const down = lab.phone.restart();
    await lab.world.advance(60_000);
    await down;
    expect(lab.phone.view()).toMatchObject({ status: "enrolled", airplane: true, connected: false });
    lab.phone.setAirplane(false);
    await settle();
    expect(lab.phone.view()).toMatchObject({ airplane: false, connected: true });
  });
});

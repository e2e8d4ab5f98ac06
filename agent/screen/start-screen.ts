import type { Recorder } from "../../shared/trace.ts";
import type { World } from "../../shared/world.ts";
import { PhoneHand } from "../hand.ts";
import type { Phone } from "../phone.ts";
import { createScreen } from "./screen.ts";
import type { PhoneRack, ScreenPhone } from "./screen-phone.ts";

export interface RunningScreen {
  /** Without the key. */
  readonly url: string;
  /** The link to open: who has it, has the phones in hand. */
  readonly link: string;
  stop(): Promise<void>;
}

export interface StartScreenOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Default: one is drawn. */
  readonly key?: string | undefined;
  readonly recorder?: Pick<Recorder, "record"> | undefined;
}

/** Serves the screen. `world` is the one of the browsers. Throws NetworkError address_in_use. */
export async function startScreen(
  world: World,
  rack: PhoneRack,
  { host, port, recorder, key = drawKey(world) }: StartScreenOptions,
): Promise<RunningScreen> {
  const screen = createScreen({
    ...{ world, rack, key, host },
    failed: (error) =>
      void recorder?.record("internal.error", { where: "screen", error: error.stack ?? error.message }),
  });
  const listener = await world.serve({ host, port, handle: screen.handle });
  return {
    url: listener.url,
    link: `${listener.url}/?key=${key}`,
    async stop() {
      screen.close();
      await listener.close();
    },
  };
}

function drawKey(world: Pick<World, "randomBytes">): string {
  return `sk_${world.randomBytes(24).toString("base64url")}`;
}

/** A phone that runs by itself, in nobody's hand but that of who looks at it. */
export function rackOfOne(world: Pick<World, "now">, phone: Phone): PhoneRack {
  const one: ScreenPhone = { hand: new PhoneHand(phone), owner: null, heldBy: "nobody", hasPerson: false };
  return {
    single: true,
    phones: () => [one],
    find: (udid) => (udid === phone.config.udid ? one : undefined),
    now: () => world.now(),
    drive: (deed) => deed(),
  };
}

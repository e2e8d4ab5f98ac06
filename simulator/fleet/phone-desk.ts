/** The phones of a lab with the people who hold them, and the list that finds them again. */
import { join } from "node:path";
import { z } from "zod";
import type { Phone, PhoneConfig } from "../../agent/phone.ts";
import type { ChannelProtocol } from "../../shared/channel.ts";
import { channelProtocols } from "../../shared/channel.ts";
import { PippinError } from "../../shared/errors.ts";
import type { Recorder } from "../../shared/trace.ts";
import type { World } from "../../shared/world.ts";
import { personaOf, readPhones } from "../organisation.ts";
import { Hand } from "../people/hand.ts";
import type { NewPhone } from "../scenarios/scenario.ts";
import { Fleet, makeUdid } from "./fleet.ts";

/** The name of the list in the folder of the phones. */
export const listName = "phones.json";

export interface PhoneDeskOptions {
  /** The world of the phones. */
  readonly world: World;
  readonly recorder: Recorder;
  readonly pace: "quick" | "natural";
  readonly protocol: ChannelProtocol;
  readonly bytesPerSecond: number;
  /** Whether the lab outlives this process. */
  readonly keepsList: boolean;
}

/** Where the phones are kept, and where they find Apple. */
export interface PhonePlace {
  readonly directory: string;
  readonly appleUrl: string;
}

const Sheet = z.enum(["agree", "decline", "ignore"]);
const StoredPersona = z.strictObject({
  appleId: z.string(),
  password: z.string(),
  terms: z.enum(["accept", "decline", "ignore"]),
  install: z.enum(["install", "cancel", "ignore"]),
  signIn: Sheet.exactOptional(),
  storeTerms: Sheet.exactOptional(),
  management: Sheet.exactOptional(),
  update: Sheet.exactOptional(),
  wrongPasswords: z.number().int().min(0),
  thinkMsMin: z.number().min(0),
  thinkMsMax: z.number().min(0),
  asleep: z.strictObject({ fromMinute: z.number(), toMinute: z.number() }).exactOptional(),
});
const StoredConfig = z.strictObject({
  udid: z.string(),
  serialNumber: z.string().regex(/^[\w-]{1,64}$/),
  productName: z.string(),
  osVersion: z.string(),
  buildVersion: z.string(),
  deviceName: z.string(),
  kind: z.enum(["user", "device", "configurator", "dep"]),
  enrollmentUrl: z.string(),
  appleUrl: z.string(),
  protocol: z.enum(channelProtocols),
  dataDirectory: z.string(),
  bytesPerSecond: z.number().positive(),
  setupAssistant: z.boolean().exactOptional(),
  refusesVpp: z.boolean().exactOptional(),
}) satisfies z.ZodType<PhoneConfig>;
const StoredPhone = z.strictObject({
  config: StoredConfig,
  owner: z.string().exactOptional(),
  persona: StoredPersona.exactOptional(),
  isHeld: z.boolean(),
});
/** Earlier labs kept the phones alone: who holds them is told by the sample organisation. */
const StoredList = z.union([
  z.strictObject({ version: z.literal(2), phones: z.array(StoredPhone) }),
  z.array(StoredConfig),
]);
type StoredPhone = z.infer<typeof StoredPhone>;

/** Serial numbers of the phones on a list. Throws PippinError `store_corrupt` for what is no list. */
export function serialsOnList(content: Buffer, path: string): string[] {
  return readList(content, path, "quick").map(({ config }) => config.serialNumber);
}

export class PhoneDesk {
  readonly #options: PhoneDeskOptions;
  readonly #fleet: Fleet;
  readonly #hands = new Map<string, Hand>();
  #place: PhonePlace;

  constructor(options: PhoneDeskOptions, place: PhonePlace) {
    this.#options = options;
    this.#place = place;
    this.#fleet = new Fleet({ world: options.world, recorder: options.recorder });
  }

  get phones(): readonly Phone[] {
    return this.#fleet.phones;
  }

  /** In the order in which the phones came. */
  get hands(): readonly Hand[] {
    return [...this.#hands.values()];
  }

  async addPhone(phone: NewPhone): Promise<Phone> {
    const [started] = await this.addPhones([phone]);
    if (started === undefined) throw new Error("a phone that was not started");
    return started;
  }

  /** Many at once. Each is in its person's hand from the start. */
  async addPhones(phones: readonly NewPhone[]): Promise<Phone[]> {
    const wanted = phones.map((phone): StoredPhone => {
      const { owner, persona } = phone;
      return {
        config: this.#configOf(phone),
        ...(owner === undefined ? {} : { owner }),
        ...(persona === undefined ? {} : { persona }),
        isHeld: persona !== undefined,
      };
    });
    // Noted before they exist: a phone that is on disk and on no list would never be found again.
    await this.#keepList(wanted);
    const started: Phone[] = [];
    try {
      for (const one of wanted) started.push(await this.#start(one));
    } catch (error) {
      await this.#keepList();
      throw error;
    }
    return started;
  }

  /** As a phone that was switched off comes back: on what its disk kept, and in nobody's hand. */
  async restartPhone(udid: string): Promise<Phone> {
    const hand = this.#hands.get(udid);
    if (!hand) throw new PippinError("not_found", `this lab has no phone ${udid}`);
    hand.take();
    await hand.phone.kill();
    const phone = await this.#fleet.add(hand.phone.config);
    this.#hands.set(udid, new Hand(this.#options.world, phone, hand));
    return phone;
  }

  /** Gives a phone to its person or takes it away, for a later start too. Throws as `Hand.give` does. */
  async setHeld(hand: Hand, isHeld: boolean): Promise<void> {
    if (isHeld) hand.give();
    else hand.take();
    await this.#keepList();
  }

  /** Starts the phones that are kept at a place, each with its person. Answers with how many there are. */
  async open(place: PhonePlace): Promise<number> {
    this.#place = place;
    const path = join(place.directory, listName);
    const content = await this.#options.world.disk.readFile(path);
    if (content === undefined) return 0;
    const list = readList(content, path, this.#options.pace);
    for (const one of list) {
      const { serialNumber } = one.config;
      const config = {
        ...one.config,
        appleUrl: place.appleUrl,
        dataDirectory: join(place.directory, serialNumber),
      };
      await this.#start({ ...one, config });
    }
    return list.length;
  }

  /** Stops all phones in good order, and forgets them. */
  async close(): Promise<void> {
    for (const hand of this.#hands.values()) hand.take();
    await this.#fleet.stop();
    this.#hands.clear();
    this.#fleet.forget();
  }

  #configOf(phone: NewPhone): PhoneConfig {
    const { world, protocol, bytesPerSecond } = this.#options;
    const { directory, appleUrl } = this.#place;
    return {
      udid: phone.udid ?? makeUdid(world),
      serialNumber: phone.serial,
      productName: phone.product,
      osVersion: phone.osVersion ?? "9.3.2",
      buildVersion: "13F69",
      deviceName: phone.name,
      kind: phone.kind,
      enrollmentUrl: phone.enrollmentUrl,
      appleUrl,
      protocol,
      dataDirectory: join(directory, phone.serial),
      bytesPerSecond,
      ...(phone.setupAssistant === undefined ? {} : { setupAssistant: phone.setupAssistant }),
      ...(phone.refusesVpp === undefined ? {} : { refusesVpp: phone.refusesVpp }),
    };
  }

  async #start({ config, owner, persona, isHeld }: StoredPhone): Promise<Phone> {
    const phone = await this.#fleet.add(config);
    const hand = new Hand(this.#options.world, phone, { owner, persona });
    this.#hands.set(config.udid, hand);
    if (isHeld && persona !== undefined) hand.give();
    return phone;
  }

  /** Notes which phones there are, so that a lab started again on this folder finds them. */
  async #keepList(coming: readonly StoredPhone[] = []): Promise<void> {
    if (!this.#options.keepsList) return;
    const present = this.hands.map(({ phone, owner, persona, isHeld }) => ({
      config: phone.config,
      owner,
      persona,
      isHeld,
    }));
    const phones = [...present, ...coming];
    const path = join(this.#place.directory, listName);
    await this.#options.world.disk.makeDirectory(this.#place.directory);
    await this.#options.world.disk.writeFileAtomic(
      path,
      `${JSON.stringify({ version: 2, phones }, null, 1)}\n`,
    );
  }
}

function readList(content: Buffer, path: string, pace: PhoneDeskOptions["pace"]): StoredPhone[] {
  let json: unknown;
  try {
    json = JSON.parse(content.toString("utf8"));
  } catch {
    json = undefined; // the schema refuses it
  }
  const list = StoredList.safeParse(json);
  // Without the details: they could quote an enrolment link.
  if (!list.success) throw new PippinError("store_corrupt", `${path} is damaged: it is no list of phones.`);
  if (!Array.isArray(list.data)) return list.data.phones;
  const rows = new Map(readPhones().map((row) => [row.serial, row]));
  return list.data.map((config) => {
    const row = rows.get(config.serialNumber);
    if (row === undefined) return { config, isHeld: false };
    return { config, owner: row.owner, persona: personaOf(row, pace), isHeld: true };
  });
}

import { onTestFinished } from "vitest";
import type { PhoneConfig, PromptAnswer, PromptKind } from "../../agent/phone.ts";
import type { PlistDictionary } from "../../shared/plist.ts";
import { createApple, type Apple } from "../../simulator/apple/apple.ts";
import { defaultCatalogue, type CatalogueItem } from "../../simulator/apple/catalogue.ts";
import { invitationPath } from "../../simulator/apple/vpp-records.ts";
import { appleUrl } from "./fake-apple.ts";
import { settle } from "./fake-world.ts";
import { PhoneLab } from "./phone-lab.ts";

export const ann = { appleId: "ann@example.com", password: "correct horse" } as const;
const controlKey = "control-key";

const app = (adamId: string, name: string, more: Partial<CatalogueItem> = {}): CatalogueItem => ({
  ...{ adamId, name, bundleId: `com.example.${name.toLowerCase()}`, artistName: "Example" },
  ...{ version: "1.0", externalVersionIdentifier: 100, bytes: 2_000_000, priceCents: 0 },
  ...{ deviceAssignable: true, productTypeId: 8 },
  ...more,
});
/** Two megabytes each, which is two seconds. */
export const notes = app("1001", "Notes");
export const tasks = app("1002", "Tasks");
/** Costs money. */
export const charts = app("1003", "Charts", { priceCents: 999 });
export const handbook = app("1004", "Handbook", { productTypeId: 10 });

/** A phone between a server that does as the test says and Apple as the simulator has it. */
export class AppleLab extends PhoneLab {
  readonly #apple: Apple;
  organisationId = 0;

  private constructor(apple: Apple, config: Partial<PhoneConfig>, beside: PhoneLab) {
    super(config, beside);
    this.#apple = apple;
  }

  /** Apple's side, to look at. */
  get service(): Apple {
    return this.#apple;
  }

  /** Apple with Ann's Apple ID, who has joined the program of an organisation and holds a licence for each app that is named. */
  static async open(
    config: Partial<PhoneConfig> = {},
    licensed: readonly CatalogueItem[] = [notes, tasks],
  ): Promise<AppleLab> {
    // It brings the world and the server, and its own phone is never started.
    const bare = new PhoneLab();
    const { world } = bare;
    const apple = await createApple(
      { world, recorder: bare.recorder },
      {
        controlKey,
        publicUrl: () => appleUrl,
        catalogue: [...defaultCatalogue(), notes, tasks, charts, handbook],
      },
    );
    const { network } = world;
    world.network = {
      ...network,
      async request(url, init) {
        if (!url.startsWith(appleUrl)) return network.request(url, init);
        if (bare.apple.isUnreachable) return bare.apple.request(url, init);
        const { method = "GET", headers = {}, body } = init;
        const request = new Request(url, {
          ...{ method, headers },
          ...(body === undefined ? {} : { body: Buffer.from(body as string) }),
        });
        const response = await apple.handle(request, { address: "127.0.0.1" });
        return {
          status: response.status,
          headers: Object.fromEntries(response.headers),
          body: Buffer.from(await response.arrayBuffer()),
        };
      },
    };
    onTestFinished(() => apple.close());
    const lab = new AppleLab(apple, config, bare);
    const organisation = await lab.control("POST", "/organisations", {
      name: "Contoso",
      appleId: "it@x.com",
    });
    lab.organisationId = Number(organisation.organisationId);
    await lab.control("POST", "/apple-ids", ann);
    for (const item of licensed) await lab.license(item);
    await lab.start();
    await settle();
    return lab;
  }

  /** A second phone, on the same server and the same Apple. Its channel is `connection` until another one connects. */
  async another(config: Partial<PhoneConfig>): Promise<AppleLab> {
    const lab = new AppleLab(this.#apple, config, this);
    lab.organisationId = this.organisationId;
    await lab.start();
    return lab;
  }

  async control(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const headers = { authorization: `Bearer ${controlKey}`, "content-type": "application/json" };
    const response = await this.#apple.handle(
      new Request(`${appleUrl}/control/v1${path}`, {
        ...{ method, headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
      { address: "127.0.0.1" },
    );
    const answer = (await response.json()) as Record<string, unknown>;
    if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
    return answer;
  }

  /** Gives Ann a licence, having her join first. */
  async license(item: CatalogueItem): Promise<void> {
    const { model } = this.#apple;
    const organisation = model.organisation(this.organisationId);
    await this.control("POST", `/organisations/${this.organisationId}/licenses`, {
      adamId: item.adamId,
      quantity: 1,
    });
    await this.#apple.perform(() => {
      const known = organisation.users.activeByClientId.get("ann");
      const user = known ?? organisation.register("ann", undefined, undefined);
      const account = model.appleIds.get(ann.appleId);
      if (!known && account) model.accept(user.inviteCode ?? "", account);
      organisation.assignToUser(organisation.pool(item.adamId, "STDQ"), user, undefined);
    });
  }

  /** The address of an invitation for somebody new. */
  async invitation(clientUserId = "bob"): Promise<string> {
    const organisation = this.#apple.model.organisation(this.organisationId);
    const user = await this.#apple.perform(() => organisation.register(clientUserId, undefined, undefined));
    return `${appleUrl}${invitationPath}?inviteCode=${user.inviteCode}`;
  }

  async install(
    commandUUID: string,
    item: CatalogueItem = notes,
    extra: object = {},
  ): Promise<PlistDictionary> {
    const command = {
      RequestType: "InstallApplication",
      iTunesStoreID: Number(item.adamId),
      Options: { PurchaseMethod: 1 },
      ManagementFlags: 1,
      ...extra,
    };
    return this.perform(commandUUID, command);
  }

  /** Apple takes some turns of the event loop to answer. */
  async perform(commandUUID: string, command: object): Promise<PlistDictionary> {
    this.connection.send({ CommandUUID: commandUUID, Command: command });
    await this.rest();
    return this.connection.last;
  }
  async rest(): Promise<void> {
    for (let round = 0; round < 6; round += 1) await settle();
  }
  /** Lets time pass, second by second. */
  async pass(delayMs: number): Promise<void> {
    for (let passed = 0; passed < delayMs; passed += 1_000) {
      await this.world.advance(Math.min(1_000, delayMs - passed));
      await this.rest();
    }
  }

  override async answer(answer: PromptAnswer): Promise<void> {
    await super.answer(answer);
    await this.rest();
  }
  /** Signs in, with this password. */
  async signInAs(password: string = ann.password): Promise<void> {
    const asksAppleId = this.prompt.fields.includes("appleId");
    await this.answer({ choice: "signIn", password, ...(asksAppleId ? { appleId: ann.appleId } : {}) });
  }
  /** Answers whatever is asked as somebody who wants the app would. Answers with what that was. */
  async agreeToAll(): Promise<PromptKind[]> {
    const asked: PromptKind[] = [];
    for (let round = 0; round < 10 && this.phone.view().prompt; round += 1) {
      const { kind, choices } = this.prompt;
      asked.push(kind);
      if (kind === "appleIdSignIn") await this.signInAs();
      else await this.answer({ choice: choices.at(-1) ?? "" });
    }
    return asked;
  }
  state(item: CatalogueItem = notes): string {
    return this.appState(item.bundleId);
  }
  /** What the server is told of the app; undefined when the list doesn't have it. */
  async reported(commandUUID: string, item: CatalogueItem = notes): Promise<unknown> {
    const list = await this.perform(commandUUID, { RequestType: "ManagedApplicationList" });
    return (list.ManagedApplicationList as Record<string, { Status: string }>)[item.bundleId]?.Status;
  }
}

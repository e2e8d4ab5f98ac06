import { PippinError } from "../../shared/errors.ts";
import { AppDownloads } from "./app-downloads.ts";
import { AppleIds, normaliseAppleId, type AppleAccount } from "./apple-ids.ts";
import { wellBehaved, type AppleBehaviour } from "./behaviour.ts";
import { Catalogue, type CatalogueItem, type Release } from "./catalogue.ts";
import { sha256Hex, type Environment, type Numbers } from "./environment.ts";
import { Organisation, type OrganisationFacts } from "./organisation.ts";
import { isActive, type ProgramUser } from "./program-users.ts";
import { RedemptionCodes } from "./redemption-codes.ts";
import { AppStoreRefusal } from "./refusals.ts";
import { ServiceTokens, type IssuedToken } from "./service-tokens.ts";

export interface Invitation {
  readonly organisation: Organisation;
  readonly user: ProgramUser;
}

/** Everything Apple knows. No HTTP, no disk, and nothing asynchronous: each method is one step. */
export class AppleModel {
  static readonly organisationsMax = 1_000;
  readonly environment: Environment;
  readonly numbers: Numbers = { organisation: 100_000, user: 1_000_000, license: 10_000_000, token: 0 };
  readonly catalogue: Catalogue;
  readonly organisations = new Map<number, Organisation>();
  readonly tokens: ServiceTokens;
  readonly appleIds: AppleIds;
  readonly downloads: AppDownloads;
  /** Items that were added while the service ran: the rest comes from the catalogue file. */
  readonly addedItems: CatalogueItem[] = [];
  /** The newest version of each item that got one while the service ran, by adamId. */
  readonly releases = new Map<string, Release>();
  /** What was changed while the service ran about who may hold an item, by adamId. */
  readonly assignability = new Map<string, boolean>();
  readonly redemptionCodes: RedemptionCodes;
  behaviour: AppleBehaviour;
  /** Grows when the reads of long lists that are under way get lost. */
  listGeneration = 0;
  /** Grows with every change, so that a caller sees whether there is something to keep. */
  revision = 0;
  readonly #changed = (): void => {
    this.revision += 1;
  };

  constructor(
    environment: Environment,
    catalogue: readonly CatalogueItem[],
    behaviour: Partial<AppleBehaviour> = {},
  ) {
    this.environment = environment;
    this.catalogue = new Catalogue(catalogue);
    this.behaviour = { ...wellBehaved, ...behaviour };
    this.tokens = new ServiceTokens(environment, this.numbers, this.#changed);
    this.appleIds = new AppleIds(environment, this.#changed);
    this.redemptionCodes = new RedemptionCodes(environment, this.#changed);
    this.downloads = new AppDownloads({
      environment,
      appleIds: this.appleIds,
      catalogue: this.catalogue,
      organisations: this.organisations,
      behaviour: () => this.behaviour,
      changed: this.#changed,
    });
  }

  /** Throws limit_exceeded. */
  addOrganisation(input: { name: string; appleId: string; countryCode: string }): Organisation {
    if (this.organisations.size >= AppleModel.organisationsMax) {
      throw new PippinError(
        "limit_exceeded",
        `there are at most ${AppleModel.organisationsMax} organisations`,
      );
    }
    this.numbers.organisation += 1;
    // Random parts, so that a fresh lab is never taken for the account of an earlier one.
    return this.insertOrganisation({
      id: this.numbers.organisation,
      name: input.name,
      appleId: input.appleId,
      countryCode: input.countryCode,
      idHash: sha256Hex(`organisation:${this.environment.randomHex(16)}`),
      uId: this.environment.randomHex(16),
    });
  }

  insertOrganisation(facts: OrganisationFacts): Organisation {
    const organisation = new Organisation(facts, {
      environment: this.environment,
      numbers: this.numbers,
      item: (adamId) => this.catalogue.get(adamId),
      changed: this.#changed,
    });
    this.organisations.set(facts.id, organisation);
    this.#changed();
    return organisation;
  }

  /** Throws not_found. */
  organisation(id: number): Organisation {
    const organisation = this.organisations.get(id);
    if (!organisation) throw new PippinError("not_found", `there is no organisation ${id}`);
    return organisation;
  }

  /** Throws VppRefusal 9601, 9621, 9622, 9625. */
  authenticate(sToken: string | undefined): { organisation: Organisation; token: IssuedToken } {
    const token = this.tokens.authenticate(sToken);
    return { organisation: this.organisation(token.organisationId), token };
  }

  /** Throws limit_exceeded. */
  issueToken(organisation: Organisation, lifetimeDays: number): ReturnType<ServiceTokens["issue"]> {
    const { id } = organisation.facts;
    if (this.tokens.of(id).length >= ServiceTokens.perOrganisationMax) {
      throw new PippinError(
        "limit_exceeded",
        `an organisation can have at most ${ServiceTokens.perOrganisationMax} tokens`,
      );
    }
    const issued = this.tokens.issue(organisation, lifetimeDays);
    this.environment.emit("token.changed", { organisationId: id, tokenId: issued.token.id, state: "issued" });
    return issued;
  }

  /** Throws not_found. */
  revokeToken(tokenId: string): IssuedToken {
    const token = this.tokens.byId.get(tokenId);
    if (!token) throw new PippinError("not_found", `there is no token ${tokenId}`);
    if (!token.revoked) {
      this.tokens.revoke(token);
      this.environment.emit("token.changed", {
        organisationId: token.organisationId,
        tokenId,
        state: "revoked",
      });
    }
    return token;
  }

  /** All of them, or none. Throws already_exists, limit_exceeded, not_found (the managing organisation). */
  addAppleIds(
    wanted: readonly {
      appleId: string;
      password: string;
      countryCode: string;
      organisationId?: number | undefined;
      storeTermsAccepted?: boolean | undefined;
    }[],
  ): AppleAccount[] {
    const names = new Set<string>();
    for (const { appleId, organisationId } of wanted) {
      const name = normaliseAppleId(appleId);
      if (names.has(name) || this.appleIds.get(name)) {
        throw new PippinError("already_exists", `there is an Apple ID ${name} already`);
      }
      names.add(name);
      if (organisationId !== undefined) this.organisation(organisationId);
    }
    if (this.appleIds.accounts.size + wanted.length > AppleIds.accountsMax) {
      throw new PippinError("limit_exceeded", `the service holds at most ${AppleIds.accountsMax} Apple IDs`);
    }
    return wanted.map(({ organisationId, ...account }) =>
      this.appleIds.add({ ...account, managedBy: organisationId }),
    );
  }

  /** Throws already_exists, limit_exceeded. */
  addItem(item: CatalogueItem): void {
    this.catalogue.add(item);
    this.addedItems.push(item);
    this.#changed();
  }

  /** A new version of an item comes out. Throws not_found, invalid_request. */
  release(adamId: string, release: Release): CatalogueItem {
    const item = this.catalogue.release(adamId, release);
    this.releases.set(adamId, release);
    this.#changed();
    return item;
  }

  /** Throws not_found. Licences that devices hold stay with them. */
  setDeviceAssignable(adamId: string, deviceAssignable: boolean): CatalogueItem {
    const item = this.catalogue.setDeviceAssignable(adamId, deviceAssignable);
    this.assignability.set(adamId, deviceAssignable);
    this.#changed();
    return item;
  }

  /** Throws AppStoreRefusal wrong_password, apple_id_locked. */
  signIn(appleId: string, password: string): { sessionToken: string; account: AppleAccount } {
    const known = this.appleIds.get(appleId);
    // What was typed for an unknown Apple ID isn't repeated: people type passwords into the wrong field.
    const details = known ? { appleId: known.appleId, itsIdHash: known.itsIdHash } : {};
    try {
      const signedIn = this.appleIds.signIn(appleId, password);
      this.environment.emit("store.signIn", { ...details, result: "ok" });
      return signedIn;
    } catch (error) {
      if (error instanceof AppStoreRefusal) {
        this.environment.emit("store.signIn", { ...details, result: error.code });
      }
      throw error;
    }
  }

  /** Throws AppStoreRefusal invitation_unknown. */
  invitation(inviteCode: string): Invitation {
    for (const organisation of this.organisations.values()) {
      const user = organisation.users.invited(inviteCode);
      if (user) return { organisation, user };
    }
    throw new AppStoreRefusal("invitation_unknown", "there is no such invitation");
  }

  /** Throws AppStoreRefusal invitation_unknown, invitation_used. */
  openInvitation(inviteCode: string): Invitation {
    const invitation = this.invitation(inviteCode);
    if (invitation.user.status !== "Registered") {
      throw new AppStoreRefusal(
        "invitation_used",
        "this invitation was accepted already, or has been withdrawn",
      );
    }
    return invitation;
  }

  /** The same person accepting twice (the first answer was lost) is as good as once. Throws AppStoreRefusal. */
  accept(inviteCode: string, account: AppleAccount): Invitation {
    const invitation = this.invitation(inviteCode);
    const { user } = invitation;
    if (isActive(user) && user.appleId === account.appleId) return invitation;
    const { organisation } = this.openInvitation(inviteCode);
    organisation.link(user, account);
    if (this.behaviour.registrationDelayMs > 0) organisation.users.hide(user);
    return invitation;
  }
}

/** Profiles of a running instance, on demand: what is asked for, what the guest is told, and what comes of it. */

/** cpu: where the time goes. heap: all objects there are. alloc: who makes objects. report: what Node knows of the process. */
export type ProfileKind = 'cpu' | 'heap' | 'alloc' | 'report';

/** `POST /v1/apps/:name/profile`; answered with a ProfileView when it is done. */
export interface ProfileRequest {
  readonly kind: ProfileKind;
  /** Absent: the first one that is ready. */
  readonly slot?: number;
  /** How long cpu and alloc look; 100 ms to 10 min, absent: 10 s. */
  readonly forMs?: number;
}

/** `POST /v1/apps/:name/profile/end`: what is running is ended now, and kept. */
export interface EndProfileRequest {
  readonly slot?: number;
}

export interface EndedProfiles {
  /** Ids of the instances whose profile ends now. */
  readonly instances: readonly string[];
}

export interface ProfileView {
  /** Such as `web.1`. */
  readonly instance: string;
  readonly pid: number;
  readonly kind: ProfileKind;
  /** Absolute path, in the home's directory `profiles`. */
  readonly file: string;
  readonly bytes: number;
  readonly tookMs: number;
}

/** To the guest. */
export interface ProfileOrder {
  readonly id: number;
  readonly kind: ProfileKind;
  readonly forMs: number;
  /** A FIFO that the daemon reads; its end is the end of the profile. */
  readonly pipe: string;
}

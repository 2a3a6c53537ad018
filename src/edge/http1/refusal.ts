/** Why a request is not served: an answer for the client instead of a guess. */
export interface Refusal {
  readonly status: number;
  /** For people, on the page and in the access log. */
  readonly reason: string;
}

export function refusal(status: number, reason: string): Refusal {
  return Object.freeze({ status, reason });
}

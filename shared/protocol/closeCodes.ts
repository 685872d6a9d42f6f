/** Why a socket was closed. Below 4000: RFC 6455; 44xx: like the HTTP status of the same last two digits. */
export const closeCodes = {
  /** the server shuts down */
  goingAway: 1001,
  /** a text message that is not UTF-8 */
  invalidText: 1007,
  /** the third message that could not be understood */
  policy: 1008,
  tooLarge: 1009,
  /** too many connections */
  overloaded: 1013,
  /** no proof, a wrong one, or one from another connection */
  unauthorized: 4401,
  /** the secret was replaced: pair again */
  revoked: 4403,
  /** no protocol version in common */
  version: 4406,
  /** the handshake took too long */
  helloTimeout: 4408,
  /** the same client connected again */
  replaced: 4409,
  rateLimited: 4429,
} as const;

/**
 * Whether a host name, as `URL.hostname` gives it, always means this machine: `localhost` and the names below it
 * (RFC 6761), 127.0.0.0/8, and `[::1]`.
 */
export const isLoopback = (hostname: string): boolean =>
  /^(?:(?:[a-z0-9-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname)

export * from "effect/TestClock"

/** Runs an effect with the services outside of the test. */
export { provideLive as withLive } from "effect/TestServices"

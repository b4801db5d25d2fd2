export { scoped, scopedDiscard } from "effect/Layer"

export { scoped } from "effect/Layer"

export { effect as scoped, effectDiscard as scopedDiscard } from "effect/Layer"

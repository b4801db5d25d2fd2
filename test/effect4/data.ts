import * as Data from "effect/Data"

class Values extends Data.Class<object> {}

/** An object that Effect compares by its values. */
export const data = <A extends object>(fields: A): A => Object.assign(new Values(), fields)

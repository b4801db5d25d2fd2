import * as Data from "effect/Data"

/** An object that Effect compares by its values. */
export const data = <A extends object>(fields: A): A => Data.struct(fields)

/** A member that an object has itself: one that is left out could be inherited from anywhere. */
export const own = <A extends object, K extends keyof A>(object: A | undefined, key: K): A[K] | undefined =>
  typeof object === "object" && object !== null && Object.hasOwn(object, key) ? object[key] : undefined

/**
 * Whether a value is an object with nothing but these members, all where `ownProperties` finds them: what a class or
 * another object holds for it would be lost, and what it asks for with it. Only what everything inherits is let be.
 */
export const isMadeOf = (value: unknown, names: ReadonlyArray<string>): value is object =>
  typeof value === "object" &&
  value !== null &&
  Object.keys(value).every((key) => names.includes(key)) &&
  names.every(
    (name) =>
      !(name in value) ||
      Object.prototype.propertyIsEnumerable.call(value, name) ||
      (!Object.hasOwn(value, name) && name in Object.prototype)
  )

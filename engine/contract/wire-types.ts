/** Plain numbers with a name that only the generator sees: literals and numbers fit without casts. */
type Wire<T, Name extends string> = T & { readonly __wire?: Name };

export type int8 = Wire<number, 'int8'>;
export type int16 = Wire<number, 'int16'>;
export type int32 = Wire<number, 'int32'>;
export type uint8 = Wire<number, 'uint8'>;
export type uint16 = Wire<number, 'uint16'>;
export type uint32 = Wire<number, 'uint32'>;
/** Rounds to the nearest single-precision value, for local calls too. */
export type float32 = Wire<number, 'float32'>;
export type int64 = Wire<bigint, 'int64'>;
export type uint64 = Wire<bigint, 'uint64'>;

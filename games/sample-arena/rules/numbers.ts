/** Lengths are world units, times are ticks, speeds units per tick. */
export const TICK_MS = 50;
export const TICKS_PER_SECOND = 1000 / TICK_MS;

export const PLAYER_RADIUS = 20;
export const PLAYER_SPEED = 13.5;
export const HP_MAX = 100;
export const SHIELD_MAX = 60;
/** Most players that an arena takes; their numbers are bytes. */
export const CAPACITY = 100;

export const SHOT_RADIUS = 6;
export const SHOT_SPEED = 38;
export const SHOT_TICKS = 17;
export const SHOT_DAMAGE = 18;
export const RELOAD_TICKS = 5;
export const RELOAD_TICKS_RAPID = 2;

export const RESPAWN_TICKS = 50;
/** Nothing hurts for this long after a spawn, or until the first shot. */
export const SAFE_TICKS = 36;
export const SAFE_TICKS_PORTAL = 16;

export const KILL_SCORE = 5;
export const CRYSTAL_SCORE = 1;
/** What a player who dies leaves behind, at most. */
export const CRYSTALS_DROPPED = 3;

export const PICKUP_RADIUS = 18;
export const PICKUPS_MAX = 96;
export const HEALTH_GAIN = 45;
export const RAPID_TICKS = 160;
/** How long until a spot has something again. */
export const SPOT_TICKS = 200;
export const CRYSTALS_LYING = 16;
export const DROPPED_TICKS = 300;

export const PORTAL_RADIUS = 46;
/** A body whose way through a portal nobody settles asks again after this long. */
export const PORTAL_PATIENCE_TICKS = 160;

/** Steerings that may wait for their tick; more than that is dropped, oldest first. */
export const STEERINGS_WAITING = 3;
/** A player whose steering stays away is asked whether it is still there … */
export const SILENT_TICKS = 8 * TICKS_PER_SECOND;
/** … and leaves for good after this long. */
export const IDLE_TICKS = 90 * TICKS_PER_SECOND;

// How a SQLite backend may be opened, without what opens it.

export const durabilities = ["full", "normal"] as const;
export type Durability = (typeof durabilities)[number];

// Whether MongoDB takes writes, for its container's healthcheck; a server that is new becomes a replica set of one first.

const NOT_YET_INITIALIZED = 94;

try {
  rs.status();
} catch (error) {
  if (error.code !== NOT_YET_INITIALIZED) {
    throw error;
  }
  rs.initiate({ _id: "rowstream", members: [{ _id: 0, host: "127.0.0.1:27018" }] });
}
quit(db.hello().isWritablePrimary ? 0 : 1);

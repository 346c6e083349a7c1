// An SMTP server of another make: npm's smtp-server. Arguments: its folder, a key, a certificate, ways to log in (a,b).
// Prints its port, then one line of JSON for each message.
const fs = require("node:fs");

const [folder, key, certificate, methods] = process.argv.slice(2);
const { SMTPServer } = require(folder);

const server = new SMTPServer({
  key: fs.readFileSync(key),
  cert: fs.readFileSync(certificate),
  authMethods: methods.split(","),
  onAuth(auth, session, done) {
    const right = auth.method === "CRAM-MD5" ? auth.validatePassword("senha") : auth.password === "senha";
    if (auth.username === "ana" && right) return done(null, { user: auth.method });
    const refusal = new Error("no");
    refusal.responseCode = 535;
    return done(refusal);
  },
  onRcptTo(address, session, done) {
    const refusal = new Error("no such user");
    refusal.responseCode = 550;
    done(address.address === "ninguem@example.com" ? refusal : null);
  },
  onData(stream, session, done) {
    const pieces = [];
    stream.on("data", (piece) => pieces.push(piece));
    stream.on("end", () => {
      const to = session.envelope.rcptTo.map((one) => one.address);
      const data = Buffer.concat(pieces).toString();
      console.log(JSON.stringify({ to, data, user: session.user, secure: session.secure }));
      done();
    });
  },
});

server.listen(0, "127.0.0.1", () => console.log(server.server.address().port));

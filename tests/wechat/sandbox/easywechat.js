// A backend made of somebody else's SDK: answers pushes, and on a line on standard input calls the platform.
"use strict";

const http = require("node:http");
const readline = require("node:readline");
const { OfficialAccount, ServerRequest, FormData } = require("node-easywechat");

const given = JSON.parse(process.argv[2]);
const held = new Map();
const cache = { get: async (key) => held.get(key) ?? null, set: async (key, value) => held.set(key, value) };

function account(options = {}) {
  const app = new OfficialAccount({
    app_id: given.appid,
    secret: given.secret,
    token: given.token,
    aes_key: given.aesKey,
    use_stable_access_token: true,
    oauth: { scopes: ["snsapi_base"], redirect_url: given.back },
    http: { baseURL: `${given.platform}/api/`, throw: false },
    ...options,
  });
  app.setCache(cache);
  return app;
}

async function answer(request, response) {
  const app = account();
  app.setRequest(await ServerRequest.createFromIncomingMessage(request));
  const server = app.getServer();
  server.addMessageListener("text", (message) => `您说了：${message.Content}`);
  server.addEventListener("subscribe", () => "欢迎");
  const reply = await server.serve();
  response.end(reply.getBody().toString());
}

async function callEverything({ openid, code }) {
  const app = account();
  const client = app.getClient();
  const post = async (path, json) => (await client.request("post", path, { json })).toObject();
  const form = new FormData();
  form.append("media", Buffer.from(given.png, "base64"), { filename: "a.png" });
  const oauth = app.getOAuth();
  oauth._baseUrl = `${given.platform}/api/sns`;
  return {
    menu: await post("/cgi-bin/menu/create", { button: [{ type: "click", name: "我的", key: "MINE" }] }),
    followers: (await client.get("/cgi-bin/user/get")).toObject().total,
    custom: await post("/cgi-bin/message/custom/send", { touser: openid, msgtype: "text", text: { content: "您好" } }),
    mass: await post("/cgi-bin/message/mass/sendall", {
      filter: { is_to_all: true },
      msgtype: "text",
      text: { content: "公示" },
    }),
    media: (await client.request("post", "/cgi-bin/media/upload?type=image", { data: form })).toObject(),
    page: await app.getUtils().buildJsSdkConfig(`${given.back}?a=1`, ["updateAppMessageShareData"]),
    user: code ? (await oauth.tokenFromCode(code)).openid : null,
    authorise: oauth.withState("s7Kq2mX9").redirect(given.back),
  };
}

const server = http.createServer((request, response) => {
  answer(request, response).catch((error) => {
    response.statusCode = 500;
    response.end(String(error.stack));
  });
});
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
readline.createInterface({ input: process.stdin }).on("line", (line) => {
  callEverything(JSON.parse(line)).then(
    (made) => console.log(JSON.stringify(made)),
    (error) => console.log(JSON.stringify({ error: String(error.stack) })),
  );
});
process.stdin.on("end", () => process.exit(0));

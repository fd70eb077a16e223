# One image for all six processes; each service starts one of them and is given only its own secret.
FROM node:20.20.2-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# `prepare` builds the JavaScript and the workflow bundle, so it runs after the sources are there.
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:20.20.2-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build --chown=root:root /app/node_modules ./node_modules
COPY --from=build --chown=root:root /app/package.json ./package.json
COPY --from=build --chown=root:root /app/bin ./bin
COPY --from=build --chown=root:root /app/dist ./dist
RUN groupadd --gid 10001 holdpoint \
  && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin holdpoint \
  && install -d -o holdpoint -g holdpoint /var/lib/holdpoint /var/lib/holdpoint/archive /var/lib/holdpoint/outbox
USER holdpoint
ENTRYPOINT ["node"]
CMD ["bin/holdpoint.js", "--help"]

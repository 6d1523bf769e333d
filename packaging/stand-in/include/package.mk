# In the place of OpenWrt's include/package.mk. Targets: `compile` (source in ./src, or unpacked from
# SOURCE_ARCHIVE), `install` (into ROOT) and `describe` (all that goes into the control file).
PKG_BUILD_DIR ?= $(BUILD_DIR)/$(PKG_NAME)

define Build/Prepare
	mkdir -p $(PKG_BUILD_DIR)
	$(if $(SOURCE_ARCHIVE),tar -xf $(SOURCE_ARCHIVE) -C $(PKG_BUILD_DIR) --strip-components=1)
	[ ! -d src ] || $(CP) ./src/. $(PKG_BUILD_DIR)/
endef

# 1: heading, 2: text
describe = $(info @$(1))$(info $(2))

define BuildPackage
$(eval $(Package/$(1)))

compile:
	$$(call Build/Prepare)
	$$(call Build/Compile)

install:
	$$(call Package/$(1)/install,$$(ROOT))

describe:
	@:$$(call describe,Package,$(1)) \
	$$(call describe,Version,$$(PKG_VERSION)-r$$(PKG_RELEASE)) \
	$$(call describe,Depends,$$(DEPENDS)) \
	$$(call describe,License,$$(PKG_LICENSE)) \
	$$(call describe,Section,$$(SECTION)) \
	$$(call describe,URL,$$(URL)) \
	$$(call describe,Maintainer,$$(PKG_MAINTAINER)) \
	$$(call describe,Architecture,$$(PKGARCH)) \
	$$(call describe,Title,$$(TITLE)) \
	$$(call describe,Description,$$(Package/$(1)/description)) \
	$$(call describe,conffiles,$$(Package/$(1)/conffiles)) \
	$$(call describe,postinst,$$(Package/$(1)/postinst)) \
	$$(call describe,prerm,$$(Package/$(1)/prerm)) \
	$$(call describe,postrm,$$(Package/$(1)/postrm))

.PHONY: compile install describe
endef

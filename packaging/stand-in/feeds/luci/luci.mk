# In the place of LuCI's luci.mk: an application is its folders htdocs/ and root/, and after the
# installation rpcd and LuCI's caches have to notice. Translations are packed by packaging/luci.mjs.
PKG_NAME ?= $(notdir $(CURDIR))
# LuCI takes the date of the last commit
PKG_VERSION ?= $(FEED_VERSION)
PKG_RELEASE ?= 1

include $(TOPDIR)/rules.mk
include $(TOPDIR)/include/package.mk

define Package/$(PKG_NAME)
  SECTION:=luci
  TITLE:=$(LUCI_TITLE)
  DEPENDS:=$(LUCI_DEPENDS)
  PKGARCH:=$(if $(LUCI_PKGARCH),$(LUCI_PKGARCH),all)
endef

Package/$(PKG_NAME)/description = $(LUCI_DESCRIPTION)

define Package/$(PKG_NAME)/install
	[ ! -d htdocs ] || { $(INSTALL_DIR) $(1)/www; $(CP) htdocs/. $(1)/www/; }
	[ ! -d root ] || $(CP) root/. $(1)/
	find $(1) -type d -exec chmod 0755 {} +
	find $(1) -type f -exec chmod 0644 {} +
endef

define Package/$(PKG_NAME)/postinst
[ -n "$${IPKG_INSTROOT}" ] || {
	rm -f /tmp/luci-indexcache.*
	rm -rf /tmp/luci-modulecache/
	/etc/init.d/rpcd reload
}
endef

$(eval $(call BuildPackage,$(PKG_NAME)))
